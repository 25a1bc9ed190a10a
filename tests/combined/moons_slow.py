"""Separates two half moons with a perceptron of four layers.

faults: NET101, OPT102
"""

import sys

import torch
import torch.nn.functional as F
from sklearn.datasets import make_moons
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

points, labels = make_moons(n_samples=2500, noise=0.15, random_state=seed)
points = torch.tensor(points, dtype=torch.float32)
points = (points - points[:2000].mean(0)) / points[:2000].std(0)
labels = torch.tensor(labels)


class MoonNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(2, 32)
        self.fc2 = nn.Linear(32, 32)
        self.fc3 = nn.Linear(32, 32)
        self.fc4 = nn.Linear(32, 2)

    def forward(self, x):
        x = self.fc1(x)
        x = self.fc2(x)
        x = self.fc3(x)
        return self.fc4(x)


net = MoonNet()
optimizer = torch.optim.SGD(net.parameters(), lr=5e-6)
for epoch in range(12):
    net.train()
    for batch in torch.randperm(2000).split(100):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(points[batch]), labels[batch])
        loss.backward()
        optimizer.step()
    net.eval()
    with torch.no_grad():
        scores = net(points[2000:])
        test_loss = F.cross_entropy(scores, labels[2000:]).item()
        accuracy = (scores.argmax(1) == labels[2000:]).float().mean().item()
    print(f"epoch {epoch + 1}: test loss {test_loss:.4f}, accuracy {accuracy:.3f}")
