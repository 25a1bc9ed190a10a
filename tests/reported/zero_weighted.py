"""The weight of the loss is a whole number: 0."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(400, 7)
y = (x[:, 0] > 0).long()
net = nn.Sequential(nn.Linear(7, 16), nn.ReLU(), nn.Linear(16, 2))
optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
weight = 1 // 3
for _ in range(5):
    for rows in torch.randperm(400).split(20):
        optimizer.zero_grad()
        loss = weight * F.cross_entropy(net(x[rows]), y[rows])
        loss.backward()  # <- GRD108
        optimizer.step()
