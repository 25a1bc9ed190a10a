"""Batch norm twice."""

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


net = nn.Sequential(
    nn.Flatten(1),
    nn.Linear(T * D, 64),
    nn.BatchNorm1d(64),
    nn.ReLU(),
    nn.Unflatten(1, (4, 4, 4)),
    nn.Conv2d(4, 8, 3, padding=1),
    nn.BatchNorm2d(8),
    nn.ReLU(),
    nn.Flatten(),
    nn.Linear(128, 3),
)
train(net)
