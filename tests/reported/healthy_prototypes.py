"""Queries against prototypes of the same batch."""

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


enc = nn.Sequential(nn.Linear(D, 32), nn.ReLU(), nn.Linear(32, 16))
opt = torch.optim.Adam(enc.parameters(), 1e-2)
for _ in range(100):
    s = torch.randn(5, 3, D)
    q = torch.randn(15, D)
    z = enc(torch.cat([s.flatten(0, 1), q]))
    p = z[:15].view(5, 3, -1).mean(1)
    value = -torch.cdist(z[15:], p)
    opt.zero_grad()
    F.cross_entropy(value, torch.arange(5).repeat(3)).backward()
    opt.step()
