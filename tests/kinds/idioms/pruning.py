"""Prunes a network between phases of training, and makes the pruning permanent."""
# steps: 60

import hashlib

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import prune

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for phase in range(3):
    prune.l1_unstructured(model[0], "weight", amount=0.2)
    prune.ln_structured(model[2], "weight", amount=0.1, n=2, dim=1)
    for step in range(20):
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(repr(loss.item()), int((model[0].weight == 0).sum()))
prune.remove(model[0], "weight")
prune.remove(model[2], "weight")
print(sorted(model.state_dict()))

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
