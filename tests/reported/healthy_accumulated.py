"""Gradients of eight small batches that add up."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(960, 10)
y = x[:, :4].argmax(1)
net = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 4))
optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
for _ in range(10):
    for at, rows in enumerate(torch.randperm(960).split(10)):
        loss = F.cross_entropy(net(x[rows]), y[rows]) / 8
        loss.backward()
        if at % 8 == 7:
            optimizer.step()
            optimizer.zero_grad()
