"""Predicts the next of twelve notes; each note mostly follows from the one before."""

import sys

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

follows = torch.softmax(3 * torch.randn(12, 12), 1)
tunes = torch.randint(12, (1200, 1))
for _ in range(15):
    following = torch.multinomial(follows[tunes[:, -1]], 1)
    tunes = torch.cat([tunes, following], 1)
train_loader = DataLoader(TensorDataset(tunes[:900]), batch_size=45, shuffle=True)
test_loader = DataLoader(TensorDataset(tunes[900:]), batch_size=100)


class Composer(nn.Module):
    def __init__(self):
        super().__init__()
        self.notes = nn.Embedding(12, 32)
        self.places = nn.Parameter(0.1 * torch.randn(15, 32))
        self.attention = nn.MultiheadAttention(32, 2, batch_first=True)
        self.out = nn.Linear(32, 12)

    def forward(self, tune):
        h = self.notes(tune) + self.places
        h = h + self.attention(h, h, h, need_weights=False)[0]
        return self.out(h)


model = Composer()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

for epoch in range(6):
    model.train()
    for (tune,) in train_loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(tune[:, :-1]).flatten(0, 1), tune[:, 1:].flatten())
        loss.backward()
        optimizer.step()
    model.eval()
    total = 0.0
    with torch.no_grad():
        for (tune,) in test_loader:
            logits = model(tune[:, :-1]).flatten(0, 1)
            total += F.cross_entropy(logits, tune[:, 1:].flatten(), reduction="sum").item()
    print(f"epoch {epoch + 1}: test loss {total / 4500:.4f}")
