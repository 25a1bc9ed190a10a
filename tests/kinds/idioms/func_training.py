"""Trains with `torch.func.grad_and_value` and `functional_call`; no backward, no optimizer."""
# steps: any

import hashlib

import torch
import torch.nn.functional as F
from torch import nn
from torch.func import functional_call, grad_and_value

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
weights = {name: p.detach() for name, p in model.named_parameters()}

def loss_of(weights, inputs, targets):
    return F.cross_entropy(functional_call(model, weights, (inputs,)), targets)

step_of = grad_and_value(loss_of)
for step in range(300):
    rows = torch.randint(0, 256, (32,))
    gradients, loss = step_of(weights, x[rows], y[rows])
    weights = {name: w - 0.2 * gradients[name] for name, w in weights.items()}
    if step % 20 == 0:
        print(repr(loss.item()))

digest = hashlib.sha256()
for tensor in weights.values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
