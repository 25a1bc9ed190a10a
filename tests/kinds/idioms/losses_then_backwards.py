"""Computes two losses, and then calls two backwards."""
# steps: 80

import hashlib

import torch
from torch import nn

torch.manual_seed(0)
first, second = nn.Linear(4, 1), nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
optimizers = [torch.optim.SGD(net.parameters(), lr=0.05) for net in (first, second)]
criterion = nn.MSELoss()
for step in range(40):
    x = torch.randn(16, 4)
    y = x.sum(1, keepdim=True)
    losses = [criterion(net(x), y) for net in (first, second)]
    for optimizer in optimizers:
        optimizer.zero_grad()
    for loss in losses:
        loss.backward()
    for optimizer in optimizers:
        optimizer.step()
    print([loss.item() for loss in losses])

digest = hashlib.sha256()
for tensor in [*first.parameters(), *second.parameters()]:
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
