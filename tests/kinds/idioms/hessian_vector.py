"""Takes Hessian-vector products by two calls of `autograd.grad` between ordinary steps."""
# steps: any

import hashlib

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for step in range(30):
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    loss = F.cross_entropy(model(x), y)
    first = torch.autograd.grad(loss, list(model.parameters()), create_graph=True)
    vector = [torch.randn_like(p) for p in model.parameters()]
    product = torch.autograd.grad(first, list(model.parameters()), grad_outputs=vector)
    print(repr(loss.item()), repr(sum((v * p).sum() for v, p in zip(vector, product)).item()))

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
