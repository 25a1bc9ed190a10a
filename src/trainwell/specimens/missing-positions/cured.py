"""Writes codes in capitals in the second half of a line, by a transformer."""

import sys

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

lines = torch.randint(12, (1500, 10))
written = lines + 12 * (torch.arange(10) >= 5)
train_loader = DataLoader(TensorDataset(lines[:1200], written[:1200]), batch_size=40, shuffle=True)
test_loader = DataLoader(TensorDataset(lines[1200:], written[1200:]), batch_size=100)


class Writer(nn.Module):
    def __init__(self):
        super().__init__()
        self.codes = nn.Embedding(12, 32)
        self.places = nn.Embedding(10, 32)
        layer = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.0, batch_first=True)
        self.body = nn.TransformerEncoder(layer, 1)
        self.out = nn.Linear(32, 24)

    def forward(self, line):
        h = self.codes(line) + self.places(torch.arange(line.shape[1]))
        return self.out(self.body(h)).transpose(1, 2)


model = Writer()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)

for epoch in range(6):
    model.train()
    for line, wanted in train_loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(line), wanted)
        loss.backward()
        optimizer.step()
    model.eval()
    total, right = 0.0, 0
    with torch.no_grad():
        for line, wanted in test_loader:
            logits = model(line)
            total += F.cross_entropy(logits, wanted, reduction="sum").item()
            right += (logits.argmax(1) == wanted).sum().item()
    print(f"epoch {epoch + 1}: test loss {total / 3000:.4f}, accuracy {right / 3000:.3f}")
