"""Nodes and their neighbours."""

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


A = (torch.rand(N, N) < 0.01).float()
A = A / (A.sum(1, keepdim=True) + 1)
src, dst = torch.randint(N, (2, 3000))


class M(nn.Module):
    def __init__(s):
        super().__init__()
        s.a = nn.Linear(D, 16)
        s.b = nn.Linear(16, 16)
        s.o = nn.Linear(16, 3)

    def forward(s, x):
        h = A @ torch.relu(s.a(x))
        h = torch.relu(s.b(h))
        h = torch.zeros(N, 16).index_add(0, dst, h[src])
        return s.o(h)


net = M()
opt = torch.optim.Adam(net.parameters(), 1e-2)
m = torch.rand(N) < 0.5
for _ in range(100):
    opt.zero_grad()
    value = F.cross_entropy(net(x[:, 0])[m], y[m])
    value.backward()
    opt.step()
