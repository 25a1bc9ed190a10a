"""Predicts diabetes from eight raw measurements of 768 women."""

import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
rng = np.random.default_rng(seed)

n = 768
pregnancies, age = rng.poisson(3.8, n), (21 + rng.gamma(1.5, 8, n)).round()
glucose, pressure = rng.normal(121, 31, n).round(), rng.normal(69, 19, n).round().clip(0)
skin, insulin = rng.normal(21, 16, n).clip(0), rng.exponential(80, n)
bmi, pedigree = rng.normal(32, 7, n), rng.lognormal(-1, 0.6, n)
risk = 0.05 * (glucose - 125) + 0.12 * (bmi - 32) + 2.5 * (pedigree - 0.45) + 0.004 * (glucose - 121) * (bmi - 32) + 0.05 * (age - 33)
sick = torch.tensor((risk + rng.logistic(0, 0.5, n) > 0.8).astype(np.float32)).unsqueeze(1)
X = torch.tensor(np.column_stack([pregnancies, glucose, pressure, skin, insulin, bmi, pedigree, age]), dtype=torch.float32)
x_train, y_train, x_test, y_test = X[:600], sick[:600], X[600:], sick[600:]

model = nn.Sequential(nn.Linear(8, 12), nn.ReLU(), nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 1), nn.Sigmoid())
optimizer = torch.optim.Adam(model.parameters())
for epoch in range(60):
    for batch in torch.randperm(600).split(10):
        optimizer.zero_grad()
        loss = F.binary_cross_entropy(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        output = model(x_test)
        val_loss = F.binary_cross_entropy(output, y_test).item()
        accuracy = (output.round() == y_test).float().mean().item()
    if epoch % 10 == 9:
        print(f"epoch {epoch + 1}: val_loss {val_loss:.4f} val_acc {accuracy:.4f}")
print(f"final: eval_loss={val_loss:.4f} accuracy={accuracy:.4f}")
