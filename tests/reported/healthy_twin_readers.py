"""Two readers of one start: copies that are no pair of an embedding and an output."""

import copy

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
text = torch.randint(24, (512, 10))
label = (text[:, 0] < 12).long()


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.left = nn.Embedding(24, 24)
        self.right = copy.deepcopy(self.left)
        self.one = nn.Linear(24, 24)
        self.other = copy.deepcopy(self.one)
        self.out = nn.Linear(48, 2)

    def forward(self, x):
        first, rest = self.left(x[:, 0]), self.right(x[:, 1:]).mean(1)
        return self.out(torch.cat([self.one(first).relu(), self.other(rest).relu()], 1))


model = Reader()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for _ in range(8):
    for rows in torch.randperm(512).split(32):
        optimizer.zero_grad()
        F.cross_entropy(model(text[rows]), label[rows]).backward()
        optimizer.step()
