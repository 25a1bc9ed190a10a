"""Predicts a yes or no from three measurements in inches, 21 people."""

import sys

import numpy as np
import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
rng = np.random.default_rng(seed)

inches = rng.integers(62, 75, (21, 3))
answers = (inches[:, 0] + inches[:, 1] - inches[:, 2] > 68).astype(int)
X = torch.tensor(inches, dtype=torch.float32)
Y = torch.tensor(answers, dtype=torch.float32).view(-1, 1)

model = nn.Sequential(nn.Linear(3, 12), nn.ReLU(), nn.Linear(12, 3), nn.ReLU(), nn.Linear(3, 1), nn.Sigmoid())
for module in model:
    if isinstance(module, nn.Linear):
        nn.init.uniform_(module.weight, -0.05, 0.05)
        nn.init.zeros_(module.bias)
criterion = nn.BCELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.001)

for epoch in range(150):
    for i in torch.randperm(21):
        optimizer.zero_grad()
        loss = criterion(model(X[i : i + 1]), Y[i : i + 1])
        loss.backward()
        optimizer.step()

with torch.no_grad():
    scores = model(X)
accuracy = ((scores > 0.5) == (Y > 0.5)).float().mean().item()
print(f"final: eval_loss={criterion(scores, Y).item():.4f} accuracy={accuracy:.4f}")
