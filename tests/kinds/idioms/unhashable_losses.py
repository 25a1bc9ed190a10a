"""Backpropagates vectors, several roots, integers' neighbours and zero-element losses."""
# steps: 40

import hashlib

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for step in range(20):
    losses = F.cross_entropy(model(x), y, reduction="none")
    optimizer.zero_grad()
    losses.backward(torch.full((256,), 1 / 256))
    optimizer.step()
    print(repr(losses.mean().item()))
for step in range(20):
    outputs = model(x)
    optimizer.zero_grad()
    torch.autograd.backward(
        [F.cross_entropy(outputs, y), outputs, outputs[:0].sum()], [None, torch.full_like(outputs, 1e-4), torch.tensor(1.0)]
    )
    optimizer.step()
    print(repr(outputs.sum().item()))

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
