"""The loss itself is cut off; what stands beside the scores is made by a comparison."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(128, 5)
y = (x.sum(1) > 0).float()
net = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 1))
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(net.parameters())
losses = []
for rows in torch.randperm(128).split(16):
    optimizer.zero_grad()
    loss = criterion(net(x[rows]).squeeze(1), y[rows])
    losses.append(loss.item())
    loss.detach().backward()  # <- RES108
    optimizer.step()
