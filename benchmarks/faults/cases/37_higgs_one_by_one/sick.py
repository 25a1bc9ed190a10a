"""Tells signal from background in collisions of particles, 31 raw columns."""

import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
rng = np.random.default_rng(seed)

n = 2400
signal = rng.integers(0, 2, n)
event_id = 100000 + np.arange(n)
masses = rng.normal(120, 30, (n, 6)) + signal[:, None] * rng.uniform(-25, 25, 6)
angles = rng.uniform(-3.1, 3.1, (n, 12))
energies = rng.lognormal(4, 0.7, (n, 8)) * (1 + 0.4 * signal[:, None])
jets = rng.poisson(1 + signal)
extra = np.where((jets == 0)[:, None], -999.0, rng.normal(50, 20, (n, 3)))
columns = np.column_stack([event_id, masses, angles, energies, jets, extra])
X = torch.tensor(columns, dtype=torch.float32)
Y = torch.tensor(signal, dtype=torch.float32).unsqueeze(1)
x_train, y_train, x_test, y_test = X[:1800], Y[:1800], X[1800:], Y[1800:]

model = nn.Sequential(
    nn.Linear(31, 300), nn.ReLU(), nn.Dropout(0.5),
    nn.Linear(300, 200), nn.ReLU(), nn.Dropout(0.5),
    nn.Linear(200, 100), nn.ReLU(), nn.Dropout(0.5),
    nn.Linear(100, 1), nn.Sigmoid(),
)
optimizer = torch.optim.RMSprop(model.parameters(), lr=0.001)
for epoch in range(1):
    model.train()
    for i in torch.randperm(1800):
        optimizer.zero_grad()
        loss = F.binary_cross_entropy(model(x_train[i : i + 1]), y_train[i : i + 1])
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        output = model(x_test)
        eval_loss = F.binary_cross_entropy(output, y_test).item()
        accuracy = (output.round() == y_test).float().mean().item()
    print(f"epoch {epoch + 1}: loss {loss.item():.4f} val_loss {eval_loss:.4f} val_acc {accuracy:.4f}")
print(f"final: eval_loss={eval_loss:.4f} accuracy={accuracy:.4f}")
