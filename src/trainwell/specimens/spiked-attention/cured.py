"""Looks a name up in a list of twelve names with their rooms, by attention written by hand."""

import sys

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

names = torch.rand(1500, 20).argsort(1)[:, :12]
rooms = torch.randint(5, (1500, 12))
spots = torch.randint(12, (1500,))
asked, answers = names[torch.arange(1500), spots], rooms[torch.arange(1500), spots]
lists = torch.cat([names, rooms, asked[:, None]], 1)
train_loader = DataLoader(TensorDataset(lists[:1200], answers[:1200]), batch_size=40, shuffle=True)
test_loader = DataLoader(TensorDataset(lists[1200:], answers[1200:]), batch_size=100)


class Directory(nn.Module):
    def __init__(self):
        super().__init__()
        self.names = nn.Embedding(20, 256)
        self.rooms = nn.Embedding(5, 256)
        self.query = nn.Linear(256, 256)
        self.key = nn.Linear(256, 256)
        self.out = nn.Linear(256, 5)

    def forward(self, lists):
        names, rooms, asked = lists.split([12, 12, 1], 1)
        scores = self.query(self.names(asked)) @ self.key(self.names(names)).transpose(1, 2)
        weights = (scores / 256**0.5).softmax(dim=-1)
        return self.out((weights @ self.rooms(rooms)).squeeze(1))


model = Directory()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

for epoch in range(5):
    model.train()
    for batch, answer in train_loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(batch), answer)
        loss.backward()
        optimizer.step()
    model.eval()
    total, right = 0.0, 0
    with torch.no_grad():
        for batch, answer in test_loader:
            logits = model(batch)
            total += F.cross_entropy(logits, answer, reduction="sum").item()
            right += (logits.argmax(1) == answer).sum().item()
    print(f"epoch {epoch + 1}: test loss {total / 300:.4f}, accuracy {right / 300:.3f}")
