"""Has hooks on tensors and parameters that count, replace and clip gradients."""
# steps: 40

import collections
import hashlib

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
calls = collections.Counter()

def halve(gradient):
    calls["halved"] += 1
    return gradient / 2

def clip(gradient):
    calls["clipped"] += 1
    return gradient.clamp(-0.01, 0.01)

handle = model[0].weight.register_hook(clip)
for step in range(40):
    hidden = model[1](model[0](x))
    hidden.register_hook(halve)
    hidden.retain_grad()
    loss = F.cross_entropy(model[2](hidden), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step == 20:
        handle.remove()
    print(repr(loss.item()), repr(hidden.grad.abs().sum().item()), len(hidden._backward_hooks or ()))
print(dict(calls))

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
