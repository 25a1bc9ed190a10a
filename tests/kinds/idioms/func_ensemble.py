"""Trains four networks at once with `stack_module_state` and `vmap`, by backward and an optimizer."""
# steps: 40

import hashlib

import torch
import torch.nn.functional as F
from torch import nn
from torch.func import functional_call, stack_module_state, vmap

torch.manual_seed(0)
x = torch.randn(128, 6)
y = (x.sum(1) > 0).long()
models = [nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 2)) for _ in range(4)]
weights, buffers = stack_module_state(models)
base = nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 2)).to("meta")
optimizer = torch.optim.SGD(weights.values(), lr=0.5)

def outputs_of(weights, buffers, inputs):
    return functional_call(base, (weights, buffers), (inputs,))

for step in range(40):
    outputs = vmap(outputs_of, in_dims=(0, 0, None))(weights, buffers, x)
    loss = F.cross_entropy(outputs.flatten(0, 1), y.repeat(4))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(repr(loss.item()))

digest = hashlib.sha256()
for tensor in weights.values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
