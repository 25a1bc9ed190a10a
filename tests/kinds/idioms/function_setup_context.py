"""Has a Function with `setup_context` and `generate_vmap_rule`, used plainly and under `vmap`."""
# steps: 30

import hashlib

import torch
import torch.nn.functional as F
from torch import nn

class Cube(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(value):
        return value**3

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, gradient):
        (value,) = ctx.saved_tensors
        return 3 * value**2 * gradient

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for step in range(30):
    loss = F.cross_entropy(model[2](Cube.apply(torch.tanh(model[0](x)))), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    slopes = torch.func.vmap(torch.func.grad(lambda row: Cube.apply(row).sum()))(x[:4])
    print(repr(loss.item()), repr(slopes.sum().item()))

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
