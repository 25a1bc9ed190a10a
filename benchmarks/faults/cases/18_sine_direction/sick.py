"""Says whether a sine rises or falls, from two samples of it."""

import sys

import numpy as np
import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

t = np.linspace(0, 60, 300)
wave = np.sin(t)
X = torch.tensor(np.stack([wave[1:-1], wave[:-2]], axis=1), dtype=torch.float32)
Y = torch.tensor(wave[1:-1] > wave[:-2], dtype=torch.float32).unsqueeze(1)

model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1), nn.Sigmoid())
for layer in (model[0], model[2], model[4]):
    nn.init.uniform_(layer.weight, -0.05, 0.05)
    nn.init.zeros_(layer.bias)
criterion = nn.BCELoss()
optimizer = torch.optim.Adam(model.parameters())

for epoch in range(20):
    for batch in torch.randperm(len(X)).split(2):
        optimizer.zero_grad()
        loss = criterion(model(X[batch]), Y[batch])
        loss.backward()
        optimizer.step()

with torch.no_grad():
    output = model(X)
accuracy = (output.round() == Y).float().mean().item()
print(f"final: eval_loss={criterion(output, Y).item():.4f} accuracy={accuracy:.4f}")
