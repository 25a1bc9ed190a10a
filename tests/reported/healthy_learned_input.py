"""An input is learned, the network is frozen."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] > 0).long()
img = torch.randn(1, 8, requires_grad=True)
net = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))
for p in net.parameters():
    p.requires_grad_(False)
opt = torch.optim.Adam([img], lr=0.1)
for _ in range(100):
    opt.zero_grad()
    loss = nn.functional.cross_entropy(net(img), torch.tensor([1]))
    loss.backward()
    opt.step()
