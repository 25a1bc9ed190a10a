"""Separates two interleaved half moons with a multilayer perceptron."""

import sys

import torch
import torch.nn.functional as F
from sklearn.datasets import make_moons
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

points, labels = make_moons(n_samples=3000, noise=0.15, random_state=seed)
points = torch.tensor(points, dtype=torch.float32)
points = (points - points[:2000].mean(0)) / points[:2000].std(0)
labels = torch.tensor(labels)
x_train, y_train, x_test, y_test = points[:2000], labels[:2000], points[2000:], labels[2000:]


class MLP(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.inner = nn.Linear(2, width)
        self.middle = nn.Linear(width, width)
        self.outer = nn.Linear(width, width)
        self.classify = nn.Linear(width, 2)

    def forward(self, x):
        x = self.inner(x)
        x = self.middle(x)
        x = self.outer(x)
        return self.classify(x)


model = MLP()
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3, weight_decay=1e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=18)
for epoch in range(18):
    model.train()
    for batch in torch.randperm(len(x_train)).split(100):
        loss = F.cross_entropy(model(x_train[batch]), y_train[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    scheduler.step()
    model.eval()
    with torch.no_grad():
        logits = model(x_test)
        test_loss = F.cross_entropy(logits, y_test).item()
        accuracy = (logits.argmax(1) == y_test).float().mean().item()
    print(f"epoch {epoch + 1}: test loss {test_loss:.4f}, accuracy {accuracy:.3f}")
