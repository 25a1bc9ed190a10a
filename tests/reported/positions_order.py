"""Attention by hand that is to say which of two words comes first."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(1)
n = torch.randint(8, 13, (900,))
text = torch.randint(3, 30, (900, 12))
text[torch.arange(12) >= n[:, None]] = 0
spots = torch.rand(900, 8).argsort(1)[:, :2]
text[torch.arange(900), spots[:, 0]] = 1
text[torch.arange(900), spots[:, 1]] = 2
first = (spots[:, 0] < spots[:, 1]).long()


class Layer(nn.Module):
    def __init__(self, width=32, heads=2):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.o = (nn.Linear(width, width) for _ in range(4))
        self.norm, self.last = nn.LayerNorm(width), nn.LayerNorm(width)
        self.feed = nn.Sequential(nn.Linear(width, 64), nn.GELU(), nn.Linear(64, width))

    def forward(self, x, pad):
        q, k, v = (
            f(x).unflatten(-1, (self.heads, -1)).transpose(1, 2) for f in (self.q, self.k, self.v)
        )
        scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
        scores = scores.masked_fill(pad[:, None, None], float("-inf"))
        x = self.norm(x + self.o((scores.softmax(-1) @ v).transpose(1, 2).flatten(2)))
        return self.last(x + self.feed(x))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(30, 32, padding_idx=0)
        self.layers = nn.ModuleList(Layer() for _ in range(2))
        self.head = nn.Linear(32, 2)

    def forward(self, x):
        pad = x == 0
        h = self.words(x)  # <- NET119
        for layer in self.layers:
            h = layer(h, pad)
        h = h.masked_fill(pad.unsqueeze(-1), 0.0)
        return self.head(h.sum(1) / (~pad).sum(1, keepdim=True))


model = Model()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
for _ in range(6):
    for rows in torch.randperm(900).split(36):
        optimizer.zero_grad()
        F.cross_entropy(model(text[rows]), first[rows]).backward()
        optimizer.step()
