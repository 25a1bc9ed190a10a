"""Attention over a bag whose label needs no order."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
bags = torch.randint(25, (900, 9))
label = ((bags == 3).any(1) | (bags == 7).any(1)).long()


class Bags(nn.Module):
    def __init__(self):
        super().__init__()
        self.items = nn.Embedding(25, 32)
        self.body = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.0, batch_first=True)
        self.out = nn.Linear(32, 2)

    def forward(self, x):
        return self.out(self.body(self.items(x)).mean(1))


model = Bags()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for _ in range(8):
    for rows in torch.randperm(900).split(36):
        optimizer.zero_grad()
        F.cross_entropy(model(bags[rows]), label[rows]).backward()
        optimizer.step()
