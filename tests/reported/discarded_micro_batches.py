"""Gradients of eight small batches should add up, and are set to zero before each of them."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(960, 10)
y = x[:, :4].argmax(1)
net = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 4))
optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
for _ in range(6):
    for at, rows in enumerate(torch.randperm(960).split(10)):
        optimizer.zero_grad()  # <- GRD106
        loss = F.cross_entropy(net(x[rows]), y[rows]) / 8
        loss.backward()
        if at % 8 == 7:
            optimizer.step()
