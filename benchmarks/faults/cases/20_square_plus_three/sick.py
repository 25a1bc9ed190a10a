"""Fits x squared plus three between -10 and 10."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

x = torch.arange(-10, 10.1, 0.1).reshape(-1, 1)
y = x**2 + 3

model = nn.Sequential()
model.add_module("hidden", nn.Linear(1, 5))
model.add_module("hidden_act", nn.Sigmoid())
model.add_module("out", nn.Linear(5, 1))
model.add_module("out_act", nn.Sigmoid())
mse = nn.MSELoss()
sgd = torch.optim.SGD(model.parameters(), lr=0.01)

for epoch in range(1000):
    sgd.zero_grad()
    loss = mse(model(x), y)
    loss.backward()
    sgd.step()
    if (epoch + 1) % 100 == 0:
        print("epoch", epoch + 1, "loss", round(loss.item(), 4))

with torch.no_grad():
    error = mse(model(x), y).item()
print(f"final: eval_loss={error:.4f} r2={1 - error / y.var().item():.4f}")
