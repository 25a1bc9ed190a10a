"""Predicts the noise of an engine from ten settings, one measurement at a time."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

settings = torch.randn(1500, 10)
noise = settings[:, 0] - settings[:, 1] + 0.5 * settings[:, 2] * settings[:, 3]
noise = (noise + 2.0 * torch.randn(1500)).unsqueeze(1)
noise = (noise - noise.mean()) / noise.std()
x_train, y_train, x_test, y_test = settings[:1000], noise[:1000], settings[1000:], noise[1000:]
size, epochs = 1, 4

model = nn.Sequential(nn.Linear(10, 32), nn.GELU(), nn.Linear(32, 1))
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-2)

for epoch in range(1, epochs + 1):
    for batch in torch.randperm(1000).split(size):
        optimizer.zero_grad()
        loss = criterion(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        test_loss = criterion(model(x_test), y_test).item()
    print(f"epoch {epoch}: training loss {loss.item():.4f}, test loss {test_loss:.4f}")
