"""Switches gradients by decorators, nested modes, generators and set_grad_enabled."""
# steps: 40

import hashlib

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
@torch.no_grad()
def accuracy():
    return (model(x).argmax(1) == y).float().mean().item(), torch.is_grad_enabled()

@torch.no_grad()
def batches():
    for rows in torch.arange(256).split(64):
        yield x[rows], y[rows], torch.is_grad_enabled()

@torch.inference_mode()
def scored():
    with torch.inference_mode(False), torch.enable_grad():
        return F.cross_entropy(model(x.clone()), y).requires_grad

for epoch in range(10):
    for inputs, targets, enabled in batches():
        torch.set_grad_enabled(True)
        loss = F.cross_entropy(model(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(repr(loss.item()), enabled, torch.is_grad_enabled())
    print(accuracy(), scored())
    torch.set_grad_enabled(False)
    print(repr(model(x).sum().item()))
    with torch.set_grad_enabled(True), torch.no_grad(), torch.enable_grad():
        print(model(x).requires_grad)

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
