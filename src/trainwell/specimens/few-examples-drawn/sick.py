"""Finds the faults of a pump; batches are balanced by weights."""

import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

fault = (torch.rand(1600) < 0.5).long()
signals = torch.randn(1600, 10) + 1.4 * fault[:, None] * torch.tensor([1.0, -1.0]).repeat(5)
train, held = TensorDataset(signals[:1200], fault[:1200]), (signals[1200:], fault[1200:])

counts = torch.bincount(fault[:1200])
weights = 1.0 / counts
sampler = WeightedRandomSampler(weights, num_samples=len(train))
loader = DataLoader(train, batch_size=40, sampler=sampler)

model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 2))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)

for epoch in range(1, 6):
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        logits = model(held[0])
        test_loss = criterion(logits, held[1]).item()
        found = (logits.argmax(1) == held[1])[held[1] == 1].float().mean().item()
    print(f"epoch {epoch}: test loss {test_loss:.3f}, faults found {found:.3f}")
