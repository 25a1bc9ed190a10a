"""Separates two interleaved half moons with a deep, narrow network."""

import sys

import torch
from sklearn.datasets import make_moons
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

points, labels = make_moons(n_samples=2500, noise=0.2, random_state=seed)
points = torch.tensor(points, dtype=torch.float32)
points = (points - points[:2000].mean(0)) / points[:2000].std(0)
labels = torch.tensor(labels, dtype=torch.float32)
x_train, y_train, x_test, y_test = points[:2000], labels[:2000], points[2000:], labels[2000:]


class DeepNet(nn.Module):
    def __init__(self, depth=8, width=24):
        super().__init__()
        sizes = [2] + [width] * depth
        layers = []
        for fan_in, fan_out in zip(sizes, sizes[1:]):
            layers += [nn.Linear(fan_in, fan_out), nn.Sigmoid()]
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(width, 1)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)

    def forward(self, x):
        return self.head(self.body(x)).squeeze(1)


model = DeepNet()
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.5)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=9, gamma=0.1)
for epoch in range(1, 16):
    model.train()
    for batch in torch.randperm(2000).split(100):
        optimizer.zero_grad()
        loss = criterion(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    scheduler.step()
    model.eval()
    with torch.no_grad():
        logits = model(x_test)
        accuracy = ((logits > 0) == (y_test > 0.5)).float().mean().item()
        print(
            f"epoch {epoch}: test loss {criterion(logits, y_test).item():.4f}, accuracy {accuracy:.3f}"
        )
