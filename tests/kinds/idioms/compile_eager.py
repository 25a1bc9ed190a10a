"""Compiles model and loss with Dynamo, and prints graphs, breaks and recompilations."""
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
@torch.compile(backend="eager")
def loss_of(inputs, targets):
    outputs = model(inputs)
    if outputs.sum() > 1e9:
        print("never")
    return F.cross_entropy(outputs, targets)

for step in range(40):
    loss = loss_of(x, y) if step % 2 else loss_of(x[:100], y[:100])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(repr(loss.item()))
counters = torch._dynamo.utils.counters
print(dict(counters["stats"]), dict(counters["frames"]), sum(counters["graph_break"].values()))
print(torch._dynamo.utils.compile_times(repr="csv", aggregate=True)[0].__len__() > 0)

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
