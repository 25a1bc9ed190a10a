"""The rate is divided at every step by hand, beside a schedule that does it once an epoch."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(600, 20)
y = x[:, :5].argmax(1)
net = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 5))
optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=8)
for _ in range(8):
    for rows in torch.randperm(600).split(30):
        optimizer.zero_grad()
        F.cross_entropy(net(x[rows]), y[rows]).backward()
        optimizer.step()
        for group in optimizer.param_groups:
            group["lr"] *= 0.8  # <- OPT109
    schedule.step()
