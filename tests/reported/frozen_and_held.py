"""A layer at its random start is frozen, though the optimizer is given it."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(600, 12)
y = (x[:, :4].prod(1) > 0).long()
net = nn.Sequential(nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 2))  # <- CKP104
for weight in net[0].parameters():
    weight.requires_grad_(False)
optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
for _ in range(10):
    for rows in torch.randperm(600).split(30):
        optimizer.zero_grad()
        F.cross_entropy(net(x[rows]), y[rows]).backward()
        optimizer.step()
