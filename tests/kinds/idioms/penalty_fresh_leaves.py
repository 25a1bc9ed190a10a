"""Penalises the slope at fresh leaves at every step, which must not be remembered."""
# steps: 120

import hashlib

import torch
from torch import nn

torch.manual_seed(0)
critic = nn.Sequential(nn.Linear(3, 24), nn.Softplus(), nn.Linear(24, 1))
optimizer = torch.optim.Adam(critic.parameters(), lr=0.003)
for step in range(120):
    points = [torch.randn(16, 3, requires_grad=True) for _ in range(3)]
    outputs = sum(critic(p).sum() for p in points)
    slopes = torch.autograd.grad(outputs, points, create_graph=True)
    penalty = sum((s.norm(dim=1) - 1).square().mean() for s in slopes)
    loss = critic(torch.randn(16, 3) - 1).mean() - critic(torch.randn(16, 3) + 1).mean() + penalty
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 10 == 0:
        print(repr(loss.item()), repr(penalty.item()))

digest = hashlib.sha256()
for tensor in critic.parameters():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
