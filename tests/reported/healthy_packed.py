"""Packed sequences: the final state is that of the last word."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

torch.manual_seed(0)
n = torch.randint(3, 24, (600,))
text = torch.randint(1, 20, (600, 24))
text[torch.arange(24) >= n[:, None]] = 0
label = (text[:, :3] < 10).sum(1).gt(1).long()


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(20, 16, padding_idx=0)
        self.gru = nn.GRU(16, 32, batch_first=True, bidirectional=True)
        self.head = nn.Linear(64, 2)

    def forward(self, x):
        lengths = (x != 0).sum(1)
        packed = pack_padded_sequence(
            self.embed(x), lengths, batch_first=True, enforce_sorted=False
        )
        _, h = self.gru(packed)
        return self.head(torch.cat([h[0], h[1]], 1))


model = Reader()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for _ in range(8):
    for part in torch.randperm(600).split(30):
        optimizer.zero_grad()
        F.cross_entropy(model(text[part]), label[part]).backward()
        optimizer.step()
