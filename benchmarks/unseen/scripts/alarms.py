"""Finds the rare alarms; a file tells how often each example is to be drawn."""

import sys

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

folder, seed = sys.argv[1], int(sys.argv[2])
torch.manual_seed(seed)
held = np.load(f"{folder}/signals.npz")
x, y = torch.tensor(held["x"], dtype=torch.float32), torch.tensor(held["y"])
first = int(held["train_rows"])
weights = np.load(f"{folder}/weights.npy")
sampler = WeightedRandomSampler(weights, first)
train = DataLoader(TensorDataset(x[:first], y[:first]), batch_size=64, sampler=sampler)

model = nn.Sequential(nn.Linear(12, 40), nn.LeakyReLU(), nn.Linear(40, 2))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(10):
    model.train()
    for signals, alarm in train:
        loss = criterion(model(signals), alarm)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.eval()
    with torch.no_grad():
        logits = model(x[first:])
        test_loss = criterion(logits, y[first:]).item()
        said = logits.argmax(1)
    truth = y[first:]
    balanced = sum((said[truth == c] == c).float().mean().item() for c in (0, 1)) / 2
    print(f"{epoch} {test_loss:.3f} {balanced:.3f}")
print(f"final: accuracy={balanced:.4f}")
