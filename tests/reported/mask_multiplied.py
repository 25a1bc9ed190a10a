"""Scores of padding that are multiplied by 0."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(2)
n = torch.randint(3, 21, (480,))
words = torch.randint(1, 20, (480, 20))
words[torch.arange(20) >= n[:, None]] = 0
label = (words[:, 0] < words[:, 1]).long()


class Classify(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(20, 32, padding_idx=0)
        self.places = nn.Parameter(0.1 * torch.randn(20, 32))
        self.q, self.k, self.v = (nn.Linear(32, 32) for _ in range(3))
        self.out = nn.Linear(32, 2)

    def forward(self, x):
        keep = (x != 0).float()
        h = self.words(x) + self.places
        scores = torch.einsum("bqd,bkd->bqk", self.q(h), self.k(h)) / 32**0.5
        scores = scores * keep[:, None]  # <- NET120
        h = h + torch.einsum("bqk,bkd->bqd", scores.softmax(-1), self.v(h))
        return self.out(h[:, 0])


model = Classify()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for _ in range(8):
    for rows in torch.randperm(480).split(32):
        optimizer.zero_grad()
        F.cross_entropy(model(words[rows]), label[rows]).backward()
        optimizer.step()
