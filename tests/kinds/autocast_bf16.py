"""Trains under CPU autocast in bfloat16."""

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

x = torch.randn(400, 12)
y = x.abs().argmax(1) % 3
model = nn.Sequential(nn.Linear(12, 48), nn.GELU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 3))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.AdamW(model.parameters(), lr=0.003)
for step in range(40):
    batch = torch.randint(400, (64,))
    optimizer.zero_grad()
    with torch.autocast("cpu", torch.bfloat16):
        loss = criterion(model(x[batch]), y[batch])
    loss.backward()
    optimizer.step()
    print(repr(loss.item()))

digest = hashlib.sha256()
for parameter in model.parameters():
    digest.update(parameter.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
digest.update(repr(random.getstate()).encode())
digest.update(repr(np.random.get_state()).encode())
print("digest", digest.hexdigest())
