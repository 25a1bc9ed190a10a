"""Predicts what houses sell for."""

import sys

import numpy as np
import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
rng = np.random.default_rng(seed)

n = 1200
rooms, baths, cars = rng.integers(1, 7, n), rng.integers(1, 4, n), rng.integers(0, 4, n)
distance, land, area = rng.gamma(4, 2.8, n), rng.lognormal(6, 0.5, n), rng.normal(150, 50, n).clip(30)
year, lat, lon = rng.integers(1890, 2018, n), rng.normal(-37.8, 0.08, n), rng.normal(145, 0.1, n)
price = 3.0 + 1.5 * rooms + 0.5 * baths + 0.02 * area - 0.25 * distance + 0.002 * land * (distance < 10) - 0.02 * (year - 1960) + rng.normal(0, 0.5, n)
table = np.column_stack([rooms, baths, cars, distance, land, area, year, lat, lon])
X = torch.tensor(table, dtype=torch.float32)
Y = torch.tensor(price, dtype=torch.float32).unsqueeze(1)
x_train, y_train, x_test, y_test = X[:1000], Y[:1000], X[1000:], Y[1000:]

model = nn.Sequential(nn.Linear(9, 20), nn.Tanh(), nn.Linear(20, 20), nn.Tanh(), nn.Linear(20, 1))
for layer in model[::2]:
    nn.init.xavier_normal_(layer.weight)
    nn.init.zeros_(layer.bias)
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters())
for epoch in range(10):
    for batch in torch.randperm(1000).split(4):
        optimizer.zero_grad()
        loss = criterion(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        test_loss = criterion(model(x_test), y_test).item()
    print(f"epoch {epoch + 1}: test loss {test_loss:.4f}")
print(f"final: eval_loss={test_loss:.4f} r2={1 - test_loss / y_test.var().item():.4f}")
