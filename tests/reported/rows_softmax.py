"""A gate is normalised along the batch."""

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
        s.i = nn.Linear(T * D, 16)
        s.g = nn.Linear(T * D, 16)
        s.o = nn.Linear(16, 3)

    def forward(s, x):
        x = x.flatten(1)
        w = torch.softmax(s.g(x), 0)  # <- NET109
        return s.o(torch.tanh(s.i(x)) * w)


train(M())
