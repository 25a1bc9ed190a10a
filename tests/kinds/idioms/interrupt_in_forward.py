"""Is interrupted (KeyboardInterrupt) inside forward: caught once, then it ends the script."""
# steps: any

import hashlib

import torch
import torch.nn.functional as F
from torch import nn

calls = 0

def interrupt():
    global calls
    calls += 1
    if calls in (15, 30):
        raise KeyboardInterrupt

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
model[1].register_forward_hook(lambda module, args, output: interrupt())
for step in range(40):
    try:
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(repr(loss.item()))
    except KeyboardInterrupt:
        print("interrupted at", step, flush=True)
        if step > 20:
            digest = hashlib.sha256()
            for tensor in model.state_dict().values():
                digest.update(tensor.detach().contiguous().numpy().tobytes())
            print("digest", digest.hexdigest(), flush=True)
            raise
