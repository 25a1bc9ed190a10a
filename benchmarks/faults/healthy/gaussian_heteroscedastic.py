"""Predicts value and uncertainty together with the Gaussian likelihood."""

import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

x = torch.rand(3000, 1) * 4 - 2
noise = 0.05 + 0.25 * torch.sigmoid(3 * x)
y = torch.cos(2 * x) * x + noise * torch.randn_like(x)
train = DataLoader(TensorDataset(x[:2400], y[:2400]), batch_size=80, shuffle=True)


class Both(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(1, 50), nn.Mish(), nn.Linear(50, 50), nn.Mish())
        self.mean, self.raw = nn.Linear(50, 1), nn.Linear(50, 1)

    def forward(self, x):
        h = self.body(x)
        return self.mean(h), nn.functional.softplus(self.raw(h)) + 1e-3


net = Both()
criterion = nn.GaussianNLLLoss()
optimizer = torch.optim.RAdam(net.parameters(), lr=5e-3)
for epoch in range(15):
    for xb, yb in train:
        mean, variance = net(xb)
        loss = criterion(mean, yb, variance)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        mean, variance = net(x[2400:])
        val = criterion(mean, y[2400:], variance).item()
    print(f"epoch {epoch}: {val:.4f}")
r2 = 1 - (mean - y[2400:]).square().mean().item() / y[2400:].var().item()
print(f"final: eval_loss={val:.4f} learned={r2:.4f}")
