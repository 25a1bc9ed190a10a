"""Trains with gradients accumulated over four micro-batches a step."""

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

x = torch.randn(512, 10)
y = (x[:, :5].sum(1) > 0).float().unsqueeze(1)
loader = DataLoader(TensorDataset(x, y), batch_size=16, shuffle=True)
model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1))
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
optimizer.zero_grad()
for epoch in range(4):
    for index, (inputs, targets) in enumerate(loader):
        loss = criterion(model(inputs), targets) / 4
        loss.backward()
        print(repr(loss.item()))
        if (index + 1) % 4 == 0:
            optimizer.step()
            optimizer.zero_grad()

digest = hashlib.sha256()
for parameter in model.parameters():
    digest.update(parameter.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
digest.update(repr(random.getstate()).encode())
digest.update(repr(np.random.get_state()).encode())
print("digest", digest.hexdigest())
