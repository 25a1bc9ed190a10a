"""Weight decay that no gradient can hold against, with a loss of one's own."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(800, 4)
y = x.sum(1) + 0.3 * torch.randn(800)
net = nn.Sequential(nn.Linear(4, 24), nn.ReLU(), nn.Linear(24, 1))
optimizer = torch.optim.Adam(net.parameters(), lr=3e-3, weight_decay=10.0)  # <- OPT115
for _ in range(12):
    for rows in torch.randperm(800).split(40):
        optimizer.zero_grad()
        off = y[rows] - net(x[rows]).squeeze(1)
        torch.maximum(0.8 * off, -0.2 * off).mean().backward()
        optimizer.step()
