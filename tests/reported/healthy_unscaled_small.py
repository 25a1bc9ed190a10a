"""Unscaled scores of eight numbers; cosine similarity with a temperature; and a sharp copy."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
words = torch.randint(1, 30, (768, 10))
label = (words == 4).any(1).long()


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(30, 32)
        self.places = nn.Parameter(0.1 * torch.randn(10, 32))
        self.mix = nn.Linear(32, 24)
        self.near = nn.Linear(32, 96)
        self.up = nn.Linear(8, 32)
        self.heat = nn.Parameter(torch.tensor(10.0))
        self.head = nn.Linear(32, 2)

    def forward(self, x):
        h = self.words(x) + self.places
        q, k, v = self.mix(h).chunk(3, -1)
        h = h + self.up((q @ k.transpose(1, 2)).softmax(-1) @ v)
        q, k, v = self.near(h).chunk(3, -1)
        q, k = F.normalize(q, dim=-1), F.normalize(k, dim=-1)
        h = h + (self.heat * (q @ k.transpose(1, 2))).softmax(-1) @ v
        return self.head(h.mean(1))


model = Model()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for _ in range(8):
    for rows in torch.randperm(768).split(32):
        optimizer.zero_grad()
        F.cross_entropy(model(words[rows]), label[rows]).backward()
        optimizer.step()
