"""Feature maps are flattened with the batch in the wrong place."""

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
        s.c = nn.Conv1d(D, 8, 3, padding=1)
        s.o = nn.Linear(8 * T, 3)

    def forward(s, x):
        h = torch.relu(s.c(x.transpose(1, 2)))
        h = h.permute(2, 1, 0)
        h = h.reshape(x.shape[0], -1)  # <- NET109
        return s.o(h)


train(M())
