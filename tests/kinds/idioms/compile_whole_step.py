"""Compiles a model with aot_eager, fullgraph, and counts its recompilations."""
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
compiled = torch.compile(model, backend="aot_eager", fullgraph=True)
for step in range(40):
    rows = slice(0, 256 if step < 20 else 128)
    loss = F.cross_entropy(compiled(x[rows]), y[rows])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(repr(loss.item()))
counters = torch._dynamo.utils.counters
print(dict(counters["stats"]), dict(counters["frames"]), sum(counters["graph_break"].values()))

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
