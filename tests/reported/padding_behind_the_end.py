"""Packed sequences whose last output is read: behind the end of a shorter one stand zeros."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import rnn

torch.manual_seed(8)
notes = [torch.randint(1, 24, (int(n),)) for n in torch.randint(4, 26, (500,))]
minor = torch.tensor([int(n[-1] % 3) for n in notes])


class Melody(nn.Module):
    def __init__(self):
        super().__init__()
        self.notes = nn.Embedding(24, 16, padding_idx=0)
        self.gru = nn.GRU(16, 32, batch_first=True)
        self.mode = nn.Linear(32, 3)

    def forward(self, x, lengths):
        packed = rnn.pack_padded_sequence(
            self.notes(x), lengths, batch_first=True, enforce_sorted=False
        )
        out, _ = rnn.pad_packed_sequence(self.gru(packed)[0], batch_first=True)
        return self.mode(out[:, -1])  # <- NET116


model = Melody()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for _ in range(8):
    for rows in torch.randperm(500).split(25):
        batch = [notes[r] for r in rows]
        x = rnn.pad_sequence(batch, batch_first=True)
        logits = model(x, torch.tensor([len(n) for n in batch]))
        optimizer.zero_grad()
        F.cross_entropy(logits, minor[rows]).backward()
        optimizer.step()
