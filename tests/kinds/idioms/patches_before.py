"""Patches the same functions as trainwell before it trains, and restores them afterwards."""
# steps: 40

import collections
import functools
import hashlib

import torch
import torch.nn.functional as F
from torch import nn

calls = collections.Counter()
patched = []

def patch(owner, name):
    original = getattr(owner, name)

    @functools.wraps(original)
    def counted(*args, **kwargs):
        calls[name] += 1
        return original(*args, **kwargs)

    patched.append((owner, name, original, counted))
    setattr(owner, name, counted)

for owner, name in ((torch.autograd, "backward"), (torch.autograd, "grad"), (torch.Tensor, "backward"), (F, "cross_entropy"),
                    (nn.Module, "__init__"), (torch.optim.Optimizer, "zero_grad"), (torch.no_grad, "__enter__")):
    patch(owner, name)
torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
calls.clear()
for step in range(40):
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(repr(loss.item()))
with torch.no_grad():
    model(x)
print({name: calls[name] for name in ("backward", "grad", "cross_entropy", "zero_grad")})
print([getattr(owner, name) is counted for owner, name, _, counted in patched])
for owner, name, original, _ in reversed(patched):
    setattr(owner, name, original)
print([getattr(owner, name) is original for owner, name, original, _ in patched])

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
