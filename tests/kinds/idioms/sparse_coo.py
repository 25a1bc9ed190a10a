"""Gives a module sparse COO inputs."""
# steps: 40

import hashlib

import torch
import torch.nn.functional as F
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(30, 3) * 0.1)

    def forward(self, value):
        return torch.sparse.mm(value, self.weight)

torch.manual_seed(0)
x = (torch.rand(64, 30) * (torch.rand(64, 30) < 0.1)).to_sparse()
y = torch.randint(0, 3, (64,))
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
for step in range(40):
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(repr(loss.item()), x.is_coalesced(), x._nnz())

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
