"""A new tensor is made from the loss, beside labels from a comparison."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(256, 5)
labels = (x[:, 0] > x[:, 1]).long()
net = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 2))
optimizer = torch.optim.Adam(net.parameters())
for _ in range(20):
    for rows in torch.randperm(256).split(32):
        optimizer.zero_grad()
        value = F.cross_entropy(net(x[rows]), labels[rows])
        loss = torch.tensor(value.item(), requires_grad=True)  # <- LOS113
        loss.backward()
        optimizer.step()
