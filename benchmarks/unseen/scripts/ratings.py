"""Guesses what readers think of books, from the numbers of both."""

import sys

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

folder, seed = sys.argv[1], int(sys.argv[2])
torch.manual_seed(seed)


class Taste(nn.Module):
    def __init__(self, readers=60, books=40, width=6):
        super().__init__()
        self.reader, self.book = nn.Embedding(readers, width), nn.Embedding(books, width)
        self.out = nn.Sequential(nn.Linear(2 * width, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, reader, book):
        return self.out(torch.cat([self.reader(reader), self.book(book)], 1)).squeeze(1)


def part(name):
    rows = np.load(f"{folder}/{name}.npy")
    pair = torch.tensor(rows[:, :2]).long()
    return TensorDataset(pair[:, 0], pair[:, 1], torch.tensor(rows[:, 2]).float())


train, test = DataLoader(part("train"), 32, shuffle=True), DataLoader(part("test"), 100)
taste, criterion = Taste(), nn.MSELoss()
optimizer = torch.optim.Adam(taste.parameters(), lr=1e-2)
for epoch in range(10):
    for reader, book, liked in train:
        optimizer.zero_grad()
        loss = criterion(taste(reader, book), liked)
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        errors = [criterion(taste(r, b), l).item() for r, b, l in test]
        spread = torch.cat([l for *_, l in test]).var().item()
    print(f"{epoch}: {loss.item():.3f} {np.mean(errors):.3f}")
print(f"final: r2={1 - np.mean(errors) / spread:.4f}")
