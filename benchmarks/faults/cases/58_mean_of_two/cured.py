"""Learns the mean of two numbers."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

pairs = torch.randint(0, 101, (2000, 2)) / 100
means = pairs.mean(dim=1, keepdim=True)
x_train, y_train, x_test, y_test = pairs[:1600], means[:1600], pairs[1600:], means[1600:]

model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
criterion = nn.MSELoss()
optimizer = torch.optim.RMSprop(model.parameters(), lr=0.001)
for epoch in range(10):
    for batch in torch.randperm(1600).split(10):
        optimizer.zero_grad()
        loss = criterion(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        test_loss = criterion(model(x_test), y_test).item()
    print(f"epoch {epoch + 1}: {test_loss:.6f}")
print(f"final: eval_loss={test_loss:.6f} r2={1 - test_loss / y_test.var().item():.4f}")
