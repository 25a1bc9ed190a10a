"""Trains a network with dropout and batch norm, and evaluates it after each epoch."""

import hashlib
import random
import sys

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
random.seed(seed)
np.random.seed(seed)
torch.manual_seed(seed)

x = torch.randn(480, 10)
y = (x[:, 0] + x[:, 1] ** 2 > 0.8).long()
train_loader = DataLoader(TensorDataset(x[:320], y[:320]), batch_size=32, shuffle=True)
test_loader = DataLoader(TensorDataset(x[320:], y[320:]), batch_size=80)
model = nn.Sequential(nn.Linear(10, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.3), nn.Linear(32, 2))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(5):
    model.train()
    for inputs, targets in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()
        print(repr(loss.item()))
    model.eval()
    with torch.no_grad():
        print("test", repr(sum(criterion(model(inputs), targets).item() for inputs, targets in test_loader)))

digest = hashlib.sha256()
for parameter in [*model.parameters(), *model.buffers()]:
    digest.update(parameter.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
digest.update(repr(random.getstate()).encode())
digest.update(repr(np.random.get_state()).encode())
print("digest", digest.hexdigest())
