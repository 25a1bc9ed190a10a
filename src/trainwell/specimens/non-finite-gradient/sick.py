"""Learns a two-dimensional map of eight-dimensional points that keeps their pairwise distances."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

plane = torch.randn(1500, 2)
points = plane @ torch.randn(2, 8) + 0.1 * torch.randn(1500, 8)
points = (points - points[:1000].mean(0)) / points[:1000].std(0)
train, test = points[:1000], points[1000:]

model = nn.Sequential(nn.Linear(8, 64), nn.GELU(), nn.Linear(64, 2))


def pairwise_distances(x):
    squared = (x.unsqueeze(0) - x.unsqueeze(1)).square().sum(dim=2)
    return torch.sqrt(squared)


def stress(x):
    with torch.no_grad():
        wanted = torch.cdist(x, x) / x.shape[1] ** 0.5
    return (pairwise_distances(model(x)) - wanted).square().mean()


optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(1, 21):
    model.train()
    for batch in torch.randperm(len(train)).split(100):
        loss = stress(train[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        test_loss = stress(test[:200])
    print(f"epoch {epoch}: training loss {loss.item():.4f}, test loss {test_loss.item():.4f}")
