"""Predicts the rent of a flat in euros with a loss written by hand.

faults: DAT102, LOS108
"""

import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

flats = torch.randn(2600, 6)
rents = 800 + 300 * flats[:, 0] - 100 * flats[:, 1] * flats[:, 2] + 50 * torch.randn(2600)
loader = DataLoader(TensorDataset(flats[:2000], rents[:2000]), batch_size=100, shuffle=True)
model = nn.Sequential(nn.Linear(6, 64), nn.GELU(), nn.Linear(64, 64), nn.GELU(), nn.Linear(64, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)


def squared_error(prediction, target):
    return ((prediction - target) ** 2).mean()


for epoch in range(14):
    model.train()
    for x, y in loader:
        loss = squared_error(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        test_loss = squared_error(model(flats[2000:]), rents[2000:]).item()
    print(f"epoch {epoch + 1}: test loss {test_loss:.1f}")
