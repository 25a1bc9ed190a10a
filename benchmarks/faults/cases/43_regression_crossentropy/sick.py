"""Predicts a monthly bill from four readings of a meter."""

import sys

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
rng = np.random.default_rng(seed)

readings = rng.uniform([0, 100, 0, 1], [50, 900, 4000, 12], (5000, 4))
bill = 3 * readings[:, 0] + 0.5 * readings[:, 1] + 0.02 * readings[:, 2] * np.sqrt(readings[:, 3]) + rng.normal(0, 10, 5000)
X = torch.tensor(readings, dtype=torch.float32)
Y = torch.tensor(bill, dtype=torch.float32).unsqueeze(1)
loader = DataLoader(TensorDataset(X[:4000], Y[:4000]), batch_size=32, shuffle=True)

model = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 1))
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for epoch in range(10):
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        predicted = model(X[4000:])
        error = (predicted - Y[4000:]).pow(2).mean().item()
    print(f"epoch {epoch + 1}: loss {loss.item():.4g}, squared error {error:.4g}")
with torch.no_grad():
    eval_loss = criterion(predicted, Y[4000:]).item()
print(f"final: eval_loss={eval_loss:.4g} r2={1 - error / Y[4000:].var().item():.4g}")
