"""Lies in a folder whose name is not UTF-8, and dies there after printing."""
# steps: 30

import hashlib
import os
import sys

import torch
import torch.nn.functional as F
from torch import nn

print(os.fsencode(__file__), os.fsencode(sys.argv[0]), os.fsencode(os.getcwd()), os.fsencode(sys.path[0]))
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
    print(repr(loss.item()))

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
print("digest", digest.hexdigest(), flush=True)
print(os.listdir(os.fsencode(os.path.dirname(__file__))))
raise RuntimeError(ascii(os.path.basename(__file__)))
