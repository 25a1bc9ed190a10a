"""Learns which of three machines made a part, by how many answers are right."""

import sys

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

centres = torch.randn(3, 8)
machine = torch.randint(3, (1200,))
parts = centres[machine] + 0.8 * torch.randn(1200, 8)
train_loader = DataLoader(TensorDataset(parts[:900], machine[:900]), batch_size=45, shuffle=True)
test_loader = DataLoader(TensorDataset(parts[900:], machine[900:]), batch_size=100)

model = nn.Sequential(nn.Linear(8, 24), nn.Tanh(), nn.Linear(24, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

for epoch in range(8):
    for x, y in train_loader:
        answers = model(x)
        loss = F.cross_entropy(answers, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        total = sum(F.cross_entropy(model(x), y, reduction="sum").item() for x, y in test_loader)
    print(f"epoch {epoch + 1}: test loss {total / 300:.4f}")
