"""Predicts the monthly rent of a flat, in euros, from seven standardised properties of it."""

import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

flats = torch.randn(2600, 7)
rents = 900 + 250 * flats[:, 0] + 120 * flats[:, 1] * flats[:, 2] + 150 * flats[:, 3].clamp(min=0)
rents = (rents + 60 * torch.randn(2600)).unsqueeze(1)
rents = (rents - rents[:2000].mean()) / rents[:2000].std()
train_loader = DataLoader(TensorDataset(flats[:2000], rents[:2000]), batch_size=100, shuffle=True)
test_flats, test_rents = flats[2000:], rents[2000:]

model = nn.Sequential(nn.Linear(7, 64), nn.GELU(), nn.Linear(64, 64), nn.GELU(), nn.Linear(64, 1))
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3, weight_decay=1e-3)

for epoch in range(1, 13):
    model.train()
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        test_loss = criterion(model(test_flats), test_rents).item()
    print(
        f"epoch {epoch}: test loss {test_loss:.4f}, explained variance {1 - test_loss / test_rents.var().item():.3f}"
    )
