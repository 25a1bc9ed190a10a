"""Predicts the range of a battery from ten readings, two batteries at a time."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

readings = torch.randn(1200, 10)
reach = readings[:, 0] - 0.8 * readings[:, 1] + torch.sin(readings[:, 2]) + 0.1 * torch.randn(1200)
reach = ((reach - reach.mean()) / reach.std()).unsqueeze(1)
x_train, y_train, x_test, y_test = readings[:800], reach[:800], readings[800:], reach[800:]
size = 32

model = nn.Sequential(
    nn.Linear(10, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 1)
)
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)

for epoch in range(1, 31):
    model.train()
    for batch in torch.randperm(800).split(size):
        optimizer.zero_grad()
        loss = criterion(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        test_loss = criterion(model(x_test), y_test).item()
    print(f"epoch {epoch}: training loss {loss.item():.4f}, test loss {test_loss:.4f}")
