"""The loss counts hits."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] > 0).long()
net = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
opt = torch.optim.Adam(net.parameters())


def accuracy_loss(p, t):
    hit = (torch.sigmoid(p).squeeze(1) > 0.5).float()  # <- LOS113
    return (hit - t.float()).abs().mean().requires_grad_()


def run(loss):
    opt.zero_grad()
    loss.backward()
    opt.step()


for _ in range(20):
    for i in range(0, 256, 32):
        run(accuracy_loss(net(x[i : i + 32]), y[i : i + 32]))
