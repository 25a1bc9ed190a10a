"""A hinge loss that reaches 0 and gives no gradient any more."""

import torch
from torch import nn

torch.manual_seed(0)
y = torch.randint(2, (400,)).float() * 2 - 1
x = torch.randn(400, 6) + 3 * y[:, None]
net = nn.Linear(6, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(20):
    for rows in torch.randperm(400).split(40):
        optimizer.zero_grad()
        loss = (1 - y[rows] * net(x[rows]).squeeze(1)).clamp(min=0).mean()
        loss.backward()
        optimizer.step()
