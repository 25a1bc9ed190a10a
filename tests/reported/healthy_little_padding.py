"""Sentences of nearly one length: most of them end with a word."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
n = torch.where(torch.rand(600) < 0.7, 16, torch.randint(11, 16, (600,)))
text = torch.randint(1, 20, (600, 16))
text[torch.arange(16) >= n[:, None]] = 0
label = (text[:, 8] < 10).long()


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(20, 16, padding_idx=0)
        self.gru = nn.GRU(16, 32, batch_first=True)
        self.head = nn.Linear(32, 2)

    def forward(self, x):
        return self.head(self.gru(self.embed(x))[0][:, -1])


model = Reader()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
for _ in range(12):
    for part in torch.randperm(600).split(30):
        optimizer.zero_grad()
        F.cross_entropy(model(text[part]), label[part]).backward()
        optimizer.step()
