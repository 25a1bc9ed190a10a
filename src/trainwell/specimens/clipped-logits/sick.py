"""Tells five kinds of leaf from ten measurements."""

import sys

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

centres = 1.5 * torch.randn(5, 10)
kind = torch.randint(5, (1500,))
leaves = centres[kind] + torch.randn(1500, 10)
leaves = (leaves - leaves[:1000].mean(0)) / leaves[:1000].std(0)
train_loader = DataLoader(TensorDataset(leaves[:1000], kind[:1000]), batch_size=50, shuffle=True)
test_loader = DataLoader(TensorDataset(leaves[1000:], kind[1000:]), batch_size=100)

model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 5), nn.ReLU())
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

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
