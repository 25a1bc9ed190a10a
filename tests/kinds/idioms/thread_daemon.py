"""Ends while a daemon thread that has trained still waits for work."""
# steps: 60

import hashlib
import threading
import time

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
def train_on():
    net = nn.Linear(8, 2)
    chosen = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(20):
        loss = F.cross_entropy(net(x), y)
        chosen.zero_grad()
        loss.backward()
        chosen.step()
        started.set()
        time.sleep(0.001)
    # In the middle of PyTorch the end of the interpreter would abort the process, bare Python's too.
    parked.set()
    threading.Event().wait()

parked = threading.Event()
started = threading.Event()
threading.Thread(target=train_on, daemon=True).start()
started.wait()
for step in range(40):
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(repr(loss.item()))

parked.wait()
digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
print("digest", digest.hexdigest())
