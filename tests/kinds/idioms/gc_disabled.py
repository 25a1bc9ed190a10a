"""Switches the garbage collector off, freezes it, and has a callback of its own."""
# steps: 40

import gc
import hashlib

import torch
import torch.nn.functional as F
from torch import nn

gc.collect()
gc.disable()
gc.freeze()
phases = []
gc.callbacks.append(lambda phase, info: phases.append(phase))
torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for step in range(40):
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(repr(loss.item()), gc.isenabled())
print(phases, len(gc.callbacks))
gc.collect()
print(phases)

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
