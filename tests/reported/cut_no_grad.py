"""The forward pass runs without gradients."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] > 0).long()
net = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))
opt = torch.optim.Adam(net.parameters())
for _ in range(20):
    total = 0
    for i in range(0, 256, 32):
        with torch.no_grad():
            out = net(x[i : i + 32])  # <- LOS113
        loss = nn.functional.cross_entropy(out, y[i : i + 32])
        loss.requires_grad = True
        opt.zero_grad()
        loss.backward()
        opt.step()
