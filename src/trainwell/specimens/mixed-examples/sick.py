"""Reads a short series of readings forwards and backwards, to name one of four rooms."""

import sys

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

rhythm = torch.randn(4, 7, 5)
room = torch.randint(4, (1400,))
series = rhythm[room] + 0.8 * torch.randn(1400, 7, 5)
train_loader = DataLoader(TensorDataset(series[:1000], room[:1000]), batch_size=40, shuffle=True)
test_loader = DataLoader(TensorDataset(series[1000:], room[1000:]), batch_size=100)


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(5, 16, batch_first=True, bidirectional=True)
        self.out = nn.Linear(32, 4)

    def forward(self, x):
        _, hidden = self.rnn(x)
        hidden = hidden.reshape(len(x), 32)
        return self.out(hidden)


model = Reader()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

for epoch in range(6):
    model.train()
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        total = sum(F.cross_entropy(model(x), y, reduction="sum").item() for x, y in test_loader)
    print(f"epoch {epoch + 1}: test loss {total / len(test_loader.dataset):.4f}")
