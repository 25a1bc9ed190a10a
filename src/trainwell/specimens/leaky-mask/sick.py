"""Finds the highest of up to ten bids and tells who made it, by attention written by hand."""

import sys

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

bids = torch.randn(1500, 10)
bidders = torch.randint(4, (1500, 10))
offers = torch.cat([bids[:, :, None], F.one_hot(bidders, 4).float()], 2)
counts = torch.randint(3, 11, (1500,))
offers[torch.arange(10) >= counts[:, None]] = 0
bids[torch.arange(10) >= counts[:, None]] = -10
winners = bidders[torch.arange(1500), bids.argmax(1)]
train_loader = DataLoader(
    TensorDataset(offers[:1200], winners[:1200]), batch_size=40, shuffle=True
)
test_loader = DataLoader(TensorDataset(offers[1200:], winners[1200:]), batch_size=100)


class Auction(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(5, 32)
        self.query = nn.Linear(32, 32)
        self.key = nn.Linear(32, 32)
        self.value = nn.Linear(32, 32)
        self.out = nn.Linear(32, 4)

    def forward(self, offers):
        h = self.embed(offers).relu()
        scores = self.query(h) @ self.key(h).transpose(1, 2) / 32**0.5
        empty = (offers == 0).all(2)
        scores = scores.masked_fill(empty[:, None], 0.0)
        h = (scores.softmax(dim=2) @ self.value(h)).masked_fill(empty[:, :, None], 0)
        return self.out(h.sum(1) / (~empty).sum(1, keepdim=True))


model = Auction()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

for epoch in range(10):
    model.train()
    for offer, winner in train_loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(offer), winner)
        loss.backward()
        optimizer.step()
    model.eval()
    total, right = 0.0, 0
    with torch.no_grad():
        for offer, winner in test_loader:
            logits = model(offer)
            total += F.cross_entropy(logits, winner, reduction="sum").item()
            right += (logits.argmax(1) == winner).sum().item()
    print(f"epoch {epoch + 1}: test loss {total / 300:.4f}, accuracy {right / 300:.3f}")
