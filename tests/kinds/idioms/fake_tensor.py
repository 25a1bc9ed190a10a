"""Computes a loss of fake tensors after the loop, and goes on training."""
# steps: 60

import hashlib

import torch
import torch.nn.functional as F
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for phase in range(2):
    for step in range(30):
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(repr(loss.item()))
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        fake = F.cross_entropy(model(torch.randn(4, 8)), torch.zeros(4, dtype=torch.long))
        print(type(fake).__name__, fake.requires_grad)
    optimizer.zero_grad(set_to_none=True)

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
