"""Gives a linear layer sparse CSR inputs."""
# steps: 40

import hashlib

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
dense = torch.rand(64, 30) * (torch.rand(64, 30) < 0.1)
x = dense.to_sparse_csr()
y = torch.randint(0, 3, (64,))
weight = nn.Parameter(torch.randn(30, 3) * 0.1)
optimizer = torch.optim.Adam([weight], lr=0.05)
for step in range(40):
    loss = F.cross_entropy(torch.relu(x @ weight), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(repr(loss.item()), x.layout)

digest = hashlib.sha256()
for tensor in [weight]:
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
