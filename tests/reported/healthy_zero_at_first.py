"""A correction that starts at 0 beside a network that learns, and terms that come in later."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)


class Adapted(nn.Module):
    def __init__(self):
        super().__init__()
        self.base = nn.Linear(10, 2)
        self.down, self.up = nn.Linear(10, 4, bias=False), nn.Linear(4, 2, bias=False)
        nn.init.zeros_(self.up.weight)

    def forward(self, x):
        return self.base(x) + self.up(torch.relu(self.down(x)))


x = torch.randn(512, 10)
y = (x[:, :3].sum(1) > 0).long()
net = Adapted()
optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
for epoch in range(10):
    for rows in torch.randperm(512).split(32):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x[rows]), y[rows])
        loss = loss + (epoch // 5) * 1e-3 * net.up.weight.square().sum()
        loss.backward()
        optimizer.step()
