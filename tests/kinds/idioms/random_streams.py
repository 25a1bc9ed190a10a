"""Draws from every generator between steps: each stream has to stay where it was."""
# steps: 40

import hashlib
import random

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

random.seed(1)
np.random.seed(2)
torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
own, drawn = torch.Generator().manual_seed(3), np.random.default_rng(4)
for step in range(40):
    noise = torch.randn(256, 8, generator=own) * 0.01 + random.random() * 0.01 + drawn.random() * 0.01
    loss = F.cross_entropy(F.dropout(model(x + noise), 0.1), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(repr(loss.item()), torch.rand(1).item(), np.random.rand(), random.random(), torch.initial_seed())

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
