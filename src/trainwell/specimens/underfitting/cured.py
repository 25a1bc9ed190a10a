"""Tells the inner from the outer of two rings of points."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

angle, outer = 2 * torch.pi * torch.rand(1600), torch.randint(2, (1600,))
radius = (1 + outer + 0.15 * torch.randn(1600)) / 1.6
points = torch.stack([radius * angle.cos(), radius * angle.sin()], 1)
x_train, y_train, x_test, y_test = points[:1200], outer[:1200], points[1200:], outer[1200:]

model = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 2))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)

for epoch in range(1, 31):
    for batch in torch.randperm(1200).split(60):
        optimizer.zero_grad()
        loss = criterion(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        logits = model(x_test)
        test_loss = criterion(logits, y_test).item()
        accuracy = (logits.argmax(1) == y_test).float().mean().item()
    print(f"epoch {epoch}: test loss {test_loss:.4f}, accuracy {accuracy:.3f}")
