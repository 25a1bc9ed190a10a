"""Fits a small table of two measurements and a signed result."""

import sys

import numpy as np
import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
rng = np.random.default_rng(seed)

inputs = rng.normal(0, 1, (166, 2))
results = 0.9 * inputs[:, 0] - 0.7 * inputs[:, 1] + 0.4 * np.sin(2 * inputs[:, 0]) - 0.2 + rng.normal(0, 0.1, 166)
x = torch.tensor(inputs, dtype=torch.float32)
y = torch.tensor(results, dtype=torch.float32).unsqueeze(1)
x_train, y_train, x_val, y_val = x[:130], y[:130], x[130:], y[130:]

model = nn.Sequential(
    nn.Linear(2, 4),
    nn.ReLU(),
    nn.Linear(4, 1),
    nn.ReLU(),
)
criterion = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

for epoch in range(100):
    for batch in torch.randperm(130).split(10):
        optimizer.zero_grad()
        loss = criterion(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        val_loss = criterion(model(x_val), y_val).item()
    if epoch % 10 == 9:
        print(f"epoch {epoch + 1}: val_loss {val_loss:.4f}")
print(f"final: eval_loss={val_loss:.4f}")
