"""Separates an inner from an outer ring of points with a tanh network."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

ring = torch.randint(2, (2500,))
angle = 2 * torch.pi * torch.rand(2500)
radius = 0.6 + 0.8 * ring + 0.15 * torch.randn(2500)
points = torch.stack([radius * torch.cos(angle), radius * torch.sin(angle)], dim=1)
points = points / points[:2000].std(0)
x_train, y_train, x_test, y_test = points[:2000], ring[:2000], points[2000:], ring[2000:]

model = nn.Sequential(
    nn.Linear(2, 32),
    nn.Tanh(),
    nn.Linear(32, 32),
    nn.Tanh(),
    nn.Linear(32, 2),
)
nn.init.zeros_(model[2].bias)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.8)

for epoch in range(1, 25):
    model.train()
    for batch in torch.randperm(2000).split(125):
        loss = criterion(model(x_train[batch]), y_train[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch % 2 == 0:
        model.eval()
        with torch.no_grad():
            logits = model(x_test)
            test_loss = criterion(logits, y_test).item()
            accuracy = (logits.argmax(1) == y_test).float().mean().item()
        print(
            f"epoch {epoch}: loss {loss.item():.4f}, test loss {test_loss:.4f}, accuracy {accuracy:.3f}"
        )
