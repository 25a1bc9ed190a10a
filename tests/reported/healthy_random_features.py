"""Random features on purpose: only the layer behind them is given to the optimizer."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(600, 12)
y = (x[:, 0] * x[:, 1] > 0).long()
net = nn.Sequential(nn.Linear(12, 200), nn.Tanh(), nn.Linear(200, 2))
net[0].requires_grad_(False)
optimizer = torch.optim.Adam(net[2].parameters(), lr=5e-3)
for _ in range(10):
    for rows in torch.randperm(600).split(30):
        optimizer.zero_grad()
        F.cross_entropy(net(x[rows]), y[rows]).backward()
        optimizer.step()
