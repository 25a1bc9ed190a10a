"""A language model whose targets are its inputs."""

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
        s.e = nn.Embedding(20, 16)
        s.r = nn.GRU(16, 16, batch_first=True)
        s.o = nn.Linear(16, 20)

    def forward(s, t):
        return s.o(s.r(s.e(t))[0])


tok = torch.randint(20, (N, 12))
net = M()
opt = torch.optim.Adam(net.parameters(), 1e-2)
for _ in range(6):
    for i in range(0, N, B):
        t = tok[i : i + B]
        opt.zero_grad()
        F.cross_entropy(net(t).flatten(0, 1), t.flatten()).backward()  # <- NET110
        opt.step()
