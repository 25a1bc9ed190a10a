"""Adapts fast weights in an inner loop with `create_graph=True`, and differentiates through it."""
# steps: any

import hashlib

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for step in range(30):
    outer = 0.0
    for task in range(3):
        phase = torch.rand(1) * 3
        x = torch.randn(16, 1)
        y = torch.sin(x + phase)
        fast = dict(model.named_parameters())
        for inner in range(2):
            loss = F.mse_loss(torch.func.functional_call(model, fast, (x[:8],)), y[:8])
            gradients = torch.autograd.grad(loss, tuple(fast.values()), create_graph=True)
            fast = {n: w - 0.05 * g for (n, w), g in zip(fast.items(), gradients)}
        outer = outer + F.mse_loss(torch.func.functional_call(model, fast, (x[8:],)), y[8:])
    optimizer.zero_grad()
    outer.backward()
    optimizer.step()
    print(repr(outer.item()))

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
