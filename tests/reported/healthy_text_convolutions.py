"""Convolutions over padded text, and the largest response of each."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
n = torch.randint(3, 24, (600,))
text = torch.randint(1, 20, (600, 24))
text[torch.arange(24) >= n[:, None]] = 0
label = (text == 5).any(1).long()


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(20, 16, padding_idx=0)
        self.convs = nn.ModuleList([nn.Conv1d(16, 16, k, padding="same") for k in (1, 3)])
        self.head = nn.Linear(32, 2)

    def forward(self, x):
        h = self.embed(x).transpose(1, 2)
        return self.head(torch.cat([c(h).relu().amax(2) for c in self.convs], 1))


model = Reader()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for _ in range(8):
    for part in torch.randperm(600).split(30):
        optimizer.zero_grad()
        F.cross_entropy(model(text[part]), label[part]).backward()
        optimizer.step()
