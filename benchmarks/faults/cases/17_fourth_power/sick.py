"""Fits the fourth power between -100 and 100."""

import sys

import numpy as np
import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

x = np.arange(-100, 100, 0.5)
y = x**4
x = torch.tensor(x, dtype=torch.float32).reshape(-1, 1)
y = torch.tensor(y, dtype=torch.float32).reshape(-1, 1)

model = nn.Sequential(nn.Linear(1, 50), nn.Sigmoid(), nn.Linear(50, 50), nn.ELU(), nn.Linear(50, 1))
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters())

for epoch in range(1000):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    if epoch % 100 == 0:
        print(f"epoch {epoch} loss {loss.item():.6g}")

with torch.no_grad():
    mse = criterion(model(x), y).item()
print(f"final: eval_loss={mse:.6g} r2={1 - mse / y.var().item():.4f}")
