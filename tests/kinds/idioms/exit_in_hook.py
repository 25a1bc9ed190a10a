"""Calls sys.exit(3) in a hook on a module."""
# steps: 30

import hashlib
import sys

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
calls = [0]

def stop(module, args, output):
    calls[0] += 1
    if calls[0] == 31:
        sys.exit(3)

model[1].register_forward_hook(stop)
try:
    for step in range(100):
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(repr(loss.item()))
finally:
    digest = hashlib.sha256()
    for tensor in model.state_dict().values():
        digest.update(tensor.detach().contiguous().numpy().tobytes())
    print("digest", digest.hexdigest(), flush=True)
