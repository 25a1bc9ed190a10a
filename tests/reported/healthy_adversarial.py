"""Trains on inputs that were moved against the gradient."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] > 0).long()
net = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))
opt = torch.optim.Adam(net.parameters())
for e in range(20):
    for i in range(0, 256, 32):
        xb = x[i : i + 32].clone().requires_grad_(True)
        loss = nn.functional.cross_entropy(net(xb), y[i : i + 32])
        loss.backward()
        adv = (xb + 0.1 * xb.grad.sign()).detach()
        opt.zero_grad()
        nn.functional.cross_entropy(net(adv), y[i : i + 32]).backward()
        opt.step()
        if e % 5 == 0:  # a salience map of a frozen copy
            w = [p.detach().clone() for p in net.parameters()]
            z = x[:4].clone().requires_grad_(True)
            (torch.relu(z @ w[0].T + w[1]) @ w[2].T).sum().backward()
