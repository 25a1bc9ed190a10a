"""Rates short reviews of words from a small vocabulary."""

import sys

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

words = 40
padding = words
reviews = torch.randint(words, (1000, 9))
rating = (reviews < 20).sum(1).gt(4).long()
reviews[::3, 7:] = padding
train_loader = DataLoader(TensorDataset(reviews[:800], rating[:800]), batch_size=40, shuffle=True)
test_loader = DataLoader(TensorDataset(reviews[800:], rating[800:]), batch_size=100)


class Rater(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(words, 16)
        self.out = nn.Linear(16, 2)

    def forward(self, x):
        return self.out(self.embedding(x).mean(1))


model = Rater()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)

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
