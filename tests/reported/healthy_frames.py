"""Frames of a film, joined with the batch."""

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
        s.c = nn.Conv2d(1, 4, 3, padding=1)
        s.o = nn.Linear(4, 3)

    def forward(s, x):
        b, t, _ = x.shape
        h = x.reshape(b * t, 1, 2, 3)
        h = torch.relu(s.c(h)).mean((2, 3)).view(b, t, -1).mean(1)
        return s.o(h)


train(M())
