"""Closes its standard output in the middle, and ends with status 4."""
# steps: 30

import hashlib
import os
import sys

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for step in range(30):
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step < 20:
        print(repr(loss.item()))
    if step == 20:
        sys.stdout.close()
        os.close(1)
digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.numpy().tobytes())
print("digest", digest.hexdigest(), file=sys.stderr)
sys.exit(4)
