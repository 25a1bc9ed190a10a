"""Learns the sine over a long stretch of its argument."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

x = torch.linspace(0, 1000, 1000).unsqueeze(1)
y = torch.sin(x / 80)

layers = [nn.Linear(1, 10), nn.Tanh(), nn.Linear(10, 90), nn.Tanh(), nn.Linear(90, 10), nn.ReLU()]
for _ in range(8):
    layers += [nn.Linear(10, 10), nn.ReLU()]
model = nn.Sequential(*layers, nn.Linear(10, 1))
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters())

for epoch in range(40):
    for batch in torch.randperm(1000).split(32):
        optimizer.zero_grad()
        loss = criterion(model(x[batch]), y[batch])
        loss.backward()
        optimizer.step()
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1}: {loss.item():.4f}")

with torch.no_grad():
    error = criterion(model(x), y).item()
print(f"final: eval_loss={error:.4f} r2={1 - error / y.var().item():.4f}")
