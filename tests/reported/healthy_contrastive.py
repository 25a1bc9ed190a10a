"""Pairs against all other pairs of the batch."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
N, T, D, B = 512, 9, 6, 32
x = torch.randn(N, T, D)
y = (x[:, :, 0].sum(1) > 0).long() + (x[:, 0, 1] > 0).long()


def train(net, X=x, Y=y, loss=F.cross_entropy, epochs=10):
    opt = torch.optim.Adam(net.parameters(), 1e-2)
    for _ in range(epochs):
        p = torch.randperm(N)
        for i in range(0, N, B):
            j = p[i : i + B]
            opt.zero_grad()
            value = loss(net(X[j]), Y[j])
            value.backward()
            opt.step()
    print(value.item())


class M(nn.Module):
    def __init__(s):
        super().__init__()
        s.a = nn.Linear(D, 16)
        s.b = nn.Linear(D, 16)

    def forward(s, x):
        return F.normalize(s.a(x[:, 0]), dim=1) @ F.normalize(s.b(x[:, 1]), dim=1).T / 0.1


net = M()
opt = torch.optim.Adam(net.parameters(), 1e-2)
for _ in range(6):
    for i in range(0, N, B):
        value = net(x[i : i + B])
        t = torch.arange(B)
        opt.zero_grad()
        ((F.cross_entropy(value, t) + F.cross_entropy(value.T, t)) / 2).backward()
        opt.step()
