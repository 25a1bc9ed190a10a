"""Distances of all pairs of a batch by hand, and the hardest of each example."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(480, 10)
y = (x[:, :2].sum(1) > 0).long()
net = nn.Sequential(nn.Linear(10, 24), nn.ReLU(), nn.Linear(24, 8))
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
for _ in range(6):
    for i in range(0, 480, 32):
        points, labels = net(x[i : i + 32]), y[i : i + 32]
        distance = (points[:, None] - points[None]).pow(2).sum(-1)
        same = labels[:, None] == labels[None]
        far = (distance * same).max(1).values
        near = distance.masked_fill(same, 1e6).min(1).values
        optimizer.zero_grad()
        F.margin_ranking_loss(near, far, torch.ones(32), margin=0.5).backward()
        optimizer.step()
