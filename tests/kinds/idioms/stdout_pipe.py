"""Prints into a pipe that nobody reads."""
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
lost = 0
for step in range(30):
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    try:
        print(repr(loss.item()), flush=True)
    except BrokenPipeError:
        lost += 1
digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.numpy().tobytes())
print("lost", lost, "digest", digest.hexdigest(), file=sys.stderr)
print("this one ends it", flush=True)
