"""Fits the density of two moons with affine coupling layers."""

import math
import sys

import torch
from sklearn.datasets import make_moons
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

points, _ = make_moons(2500, noise=0.08, random_state=seed)
points = torch.tensor((points - points.mean(0)) / points.std(0), dtype=torch.float32)
train, test = points[:2000], points[2000:]


class Coupling(nn.Module):
    def __init__(self, first):
        super().__init__()
        self.first = first
        self.net = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 2))
        nn.init.normal_(self.net[-1].weight, std=0.01)
        nn.init.zeros_(self.net[-1].bias)

    def forward(self, x):
        keep, change = (x[:, :1], x[:, 1:]) if self.first else (x[:, 1:], x[:, :1])
        scale, shift = self.net(keep).chunk(2, dim=1)
        scale = 2 * torch.tanh(scale / 2)
        change = change * scale.exp() + shift
        return torch.cat([keep, change] if self.first else [change, keep], dim=1), scale.squeeze(1)


flow = nn.ModuleList(Coupling(i % 2 == 0) for i in range(6))


def nll(x):
    logdet = 0.0
    for layer in flow:
        x, log_scale = layer(x)
        logdet = logdet + log_scale
    return -(-0.5 * x.square().sum(1) - math.log(2 * math.pi) + logdet).mean()


optimizer = torch.optim.Adam(flow.parameters(), lr=3e-3)
for epoch in range(25):
    for batch in torch.randperm(2000).split(100):
        optimizer.zero_grad()
        loss = nll(train[batch])
        loss.backward()
        optimizer.step()
    if epoch % 5 == 4:
        with torch.no_grad():
            test_nll = nll(test).item()
        print(f"epoch {epoch + 1}: train {loss.item():.3f} test {test_nll:.3f}")
gaussian = math.log(2 * math.pi * math.e)
print(f"final: eval_loss={test_nll:.4f} learned={min((gaussian - test_nll) / 1.3, 1):.4f}")
