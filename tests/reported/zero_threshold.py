"""A threshold that no unit reaches."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.rand(500, 12)
y = (4 * x[:, 0]).long()


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Linear(12, 32), nn.Linear(32, 4)

    def forward(self, x):
        firing = F.threshold(self.one(x), 8.0, 0.0)  # <- GRD108
        return self.two(firing)


net = Net()
optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
for _ in range(6):
    for rows in torch.randperm(500).split(25):
        optimizer.zero_grad()
        F.cross_entropy(net(x[rows]), y[rows]).backward()
        optimizer.step()
