"""The sign of a likelihood is turned once too often."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(512, 10)
y = (x[:, :3].sum(1) > 0).long() + (x[:, 4] > 0.5).long()
net = nn.Sequential(nn.Linear(10, 24), nn.Tanh(), nn.Linear(24, 3))
optimizer = torch.optim.SGD(net.parameters(), lr=0.02)


def log_likelihood(scores, labels):
    return F.nll_loss(F.log_softmax(scores, 1), labels)


for _ in range(8):
    for rows in torch.randperm(512).split(32):
        optimizer.zero_grad()
        loss = -1 * log_likelihood(net(x[rows]), y[rows])  # <- LOS116
        loss.backward()
        optimizer.step()
