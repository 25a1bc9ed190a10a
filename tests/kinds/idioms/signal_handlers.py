"""Has handlers for SIGALRM, SIGUSR1, SIGINT and SIGTERM, which fire while it trains."""
# steps: 60

import hashlib
import os
import signal

import torch
import torch.nn.functional as F
from torch import nn

seen = []
print([signal.getsignal(s) for s in (signal.SIGTERM, signal.SIGUSR1, signal.SIGALRM)], signal.getsignal(signal.SIGINT) is signal.default_int_handler)
signal.signal(signal.SIGINT, lambda number, frame: seen.append((number, frame.f_code.co_name)))
signal.signal(signal.SIGTERM, lambda number, frame: seen.append((number, frame.f_code.co_name)))
signal.signal(signal.SIGUSR1, lambda number, frame: torch.manual_seed(7))
alarms = []
signal.signal(signal.SIGALRM, lambda number, frame: alarms.append(number))
signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for step in range(60):
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step == 10:
        signal.raise_signal(signal.SIGINT)
    if step == 20:
        os.kill(os.getpid(), signal.SIGTERM)
    if step == 30:
        signal.raise_signal(signal.SIGUSR1)
        print(torch.rand(1).item())
    print(repr(loss.item()), seen)
signal.setitimer(signal.ITIMER_REAL, 0)
print(len(alarms) > 0)

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
