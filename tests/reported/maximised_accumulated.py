"""Small batches are gathered, and their mean is subtracted from nothing."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(600, 6)
y = (x[:, 0] * x[:, 1] > 0).float()
net = nn.Sequential(nn.Linear(6, 32), nn.GELU(), nn.Linear(32, 1))
optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
for _ in range(5):
    optimizer.zero_grad()
    for at, rows in enumerate(torch.randperm(600).split(15)):
        cost = F.binary_cross_entropy_with_logits(net(x[rows]).squeeze(1), y[rows])
        (0 - cost / 4).backward()  # <- LOS116
        if at % 4 == 3:
            optimizer.step()
            optimizer.zero_grad()
