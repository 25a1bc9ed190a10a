"""Trains an nn.Sequential with momentum and a learning rate schedule on batches in Python-shuffled order."""

import hashlib
import random
import sys

import numpy as np
import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
random.seed(seed)
np.random.seed(seed)
torch.manual_seed(seed)

x = torch.from_numpy(np.random.normal(size=(320, 6)).astype(np.float32))
y = x.sum(1, keepdim=True).sin()
model = nn.Sequential(nn.Linear(6, 24), nn.Tanh(), nn.Linear(24, 24), nn.ReLU(inplace=True), nn.Linear(24, 1))
criterion = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
rows = list(range(320))
for epoch in range(5):
    random.shuffle(rows)
    for start in range(0, 320, 32):
        batch = rows[start : start + 32]
        loss = criterion(model(x[batch]), y[batch])
        optimizer.zero_grad(set_to_none=False)
        loss.backward()
        optimizer.step()
        print(repr(loss.item()))
    scheduler.step()

digest = hashlib.sha256()
for parameter in model.parameters():
    digest.update(parameter.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
digest.update(repr(random.getstate()).encode())
digest.update(repr(np.random.get_state()).encode())
print("digest", digest.hexdigest())
