"""Turns words round: as many letters as positions, and classes in the second dimension."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
letters = 12
source = torch.randint(1, letters, (700, letters))
target = torch.cat([torch.zeros(700, 1, dtype=torch.long), source.flip(1)], 1)


class Turner(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(letters, 32)
        self.read = nn.GRU(32, 32, batch_first=True)
        self.write = nn.GRU(32, 32, batch_first=True)
        self.out = nn.Linear(32, letters)

    def forward(self, source, before):
        _, state = self.read(self.embedding(source))
        return self.out(self.write(self.embedding(before), state)[0])


turner = Turner()
optimizer = torch.optim.Adam(turner.parameters(), lr=5e-3)
for _ in range(6):
    for rows in torch.randperm(600).split(50):
        optimizer.zero_grad()
        logits = turner(source[rows], target[rows, :-1])
        F.cross_entropy(logits.transpose(1, 2), target[rows, 1:]).backward()
        optimizer.step()
    with torch.no_grad():
        logits = turner(source[600:], target[600:, :-1])
        print(F.cross_entropy(logits.transpose(1, 2), target[600:, 1:]).item())
