"""Replaces Tensor.backward by one that scales the loss, as mixed-precision libraries do."""
# steps: 40

import hashlib

import torch
import torch.nn.functional as F
from torch import nn

original = torch.Tensor.backward

def scaled(tensor, *args, **kwargs):
    return original(tensor * 8, *args, **kwargs)

torch.Tensor.backward = scaled
torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
optimizer = torch.optim.SGD(model.parameters(), lr=0.03)
for step in range(40):
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(repr(loss.item()), repr(model[0].weight.grad.norm().item()))
torch.Tensor.backward = original
print(torch.Tensor.backward.__qualname__)

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
