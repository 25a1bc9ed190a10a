"""Separates two interleaved half moons with a small classifier."""

import sys

import torch
from sklearn.datasets import make_moons
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

points, labels = make_moons(n_samples=1500, noise=0.2, random_state=seed)
points = torch.tensor(points, dtype=torch.float32)
labels = torch.tensor(labels, dtype=torch.float32).unsqueeze(1)
points = (points - points[:1000].mean(0)) / points[:1000].std(0)
x_train, y_train = points[:1000], labels[:1000]
x_val, y_val = points[1000:], labels[1000:]

model = nn.Sequential(
    nn.Linear(2, 32),
    nn.Tanh(),
    nn.Linear(32, 32),
    nn.Tanh(),
    nn.Linear(32, 1),
    nn.Sigmoid(),  # a probability of one class
)
criterion = nn.BCELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=30)

for epoch in range(1, 31):
    model.train()
    order = torch.randperm(len(x_train))
    for batch in order.split(100):
        optimizer.zero_grad()
        loss = criterion(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    scheduler.step()
    model.eval()
    with torch.no_grad():
        probability = model(x_val)
        val_loss = criterion(probability, y_val).item()
        accuracy = ((probability > 0.5) == (y_val > 0.5)).float().mean().item()
    if epoch % 2 == 0:
        print(f"epoch {epoch}: validation loss {val_loss:.4f}, accuracy {accuracy:.3f}")
