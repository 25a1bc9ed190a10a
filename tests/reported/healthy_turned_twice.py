"""A negative loss and an optimizer that maximises: the two signs cancel."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(512, 10)
y = (x[:, :3].sum(1) > 0).long()
net = nn.Sequential(nn.Linear(10, 24), nn.ReLU(), nn.Linear(24, 2))
optimizer = torch.optim.Adam(net.parameters(), lr=5e-3, maximize=True)
for _ in range(10):
    for rows in torch.randperm(512).split(32):
        optimizer.zero_grad()
        objective = -F.cross_entropy(net(x[rows]), y[rows])
        objective.backward()
        optimizer.step()
