"""Grades fruit on a scale from 0 to 7 by the measurements of a camera.

faults: LOS104, OPT105
"""

import sys

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

kinds = torch.randn(16, 12)
kind = torch.randint(16, (2800,))
measures = kinds[kind] + 0.6 * torch.randn(2800, 12)
measures = (measures - measures[:2000].mean(0)) / measures[:2000].std(0)
grade = kind % 8
loader = DataLoader(TensorDataset(measures[:2000], grade[:2000]), batch_size=100, shuffle=True)


class FruitNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(12, 64), nn.GELU(), nn.Linear(64, 32), nn.GELU())
        self.head = nn.Linear(32, 1)

    def forward(self, x):
        return self.head(self.body(x)).squeeze(1)


model = FruitNet()
optimizer = torch.optim.Adam(model.head.parameters(), lr=5e-3)
for epoch in range(12):
    model.train()
    for x, y in loader:
        loss = F.mse_loss(model(x), y.float())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        output = model(measures[2000:])
        test_loss = F.mse_loss(output, grade[2000:].float()).item()
        accuracy = (output.round() == grade[2000:]).float().mean().item()
    print(f"epoch {epoch + 1}: test loss {test_loss:.4f}, accuracy {accuracy:.3f}")
