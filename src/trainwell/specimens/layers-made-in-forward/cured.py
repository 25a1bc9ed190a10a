"""Tells four shapes of curves apart; the middle layer takes whatever width comes in."""

import sys

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

times = torch.linspace(0, 6.28, 24)
shape = torch.randint(4, (1400,))
curves = torch.sin((shape + 1)[:, None] * times + 0.3 * torch.randn(1400, 1))
curves += 0.4 * torch.randn(1400, 24)
train_loader = DataLoader(TensorDataset(curves[:1000], shape[:1000]), batch_size=50, shuffle=True)
test_loader = DataLoader(TensorDataset(curves[1000:], shape[1000:]), batch_size=100)


class Mixer(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.middle = nn.Linear(width, width)

    def forward(self, x):
        return F.relu(self.middle(x))


model = nn.Sequential(nn.Linear(24, 32), nn.ReLU(), Mixer(32), nn.Linear(32, 4))
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)

for epoch in range(8):
    model.train()
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        total = sum(F.cross_entropy(model(x), y, reduction="sum").item() for x, y in test_loader)
    print(f"epoch {epoch + 1}: test loss {total / len(test_loader.dataset):.4f}")
