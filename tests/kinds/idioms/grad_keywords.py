"""Calls `torch.autograd.grad` with keywords, dict views, `map` and `grad_outputs`."""
# steps: 45

import hashlib

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
named = dict(model.named_parameters())
for step in range(15):
    for inputs in (named.values(), map(lambda n: named[n], named), iter([*named.values()])):
        loss = F.cross_entropy(model(x), y, reduction="none")
        gradients = torch.autograd.grad(
            outputs=iter([loss]), inputs=inputs, grad_outputs=iter([torch.full_like(loss, 1 / len(loss))]), allow_unused=True
        )
        for parameter, gradient in zip(named.values(), gradients):
            parameter.data -= 0.2 * gradient
        print(repr(loss.mean().item()))

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
