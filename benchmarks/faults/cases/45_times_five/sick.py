"""Learns to multiply by five."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

x = torch.linspace(1, 2, 100).unsqueeze(1)
y = 5 * x

model = nn.Linear(1, 1)
criterion = nn.MSELoss()
optimizer = torch.optim.RMSprop(model.parameters(), lr=0.001)

for epoch in range(200):
    for batch in torch.randperm(100).split(32):
        optimizer.zero_grad()
        loss = criterion(model(x[batch]), y[batch])
        loss.backward()
        optimizer.step()
    if epoch % 20 == 19:
        print(f"epoch {epoch + 1}: loss {loss.item():.4f}")

with torch.no_grad():
    error = criterion(model(x), y).item()
print(f"final: eval_loss={error:.4f} r2={1 - error / y.var().item():.4f}")
