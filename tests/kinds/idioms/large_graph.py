"""Has a graph of more than 20,000 nodes."""
# steps: 4

import hashlib

import torch
from torch import nn

torch.manual_seed(0)
cell = nn.Linear(4, 4)
optimizer = torch.optim.SGD(cell.parameters(), lr=0.01)
x = torch.randn(4, 4)
for step in range(4):
    hidden = x
    for _ in range(5500):
        hidden = torch.tanh(cell(hidden)) * 0.5 + x
    loss = hidden.square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(repr(loss.item()))

digest = hashlib.sha256()
for tensor in cell.parameters():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
