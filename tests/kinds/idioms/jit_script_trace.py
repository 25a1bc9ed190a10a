"""Trains scripted and traced networks."""
# steps: 60

import hashlib
import warnings

import torch
import torch.nn.functional as F
from torch import nn

warnings.simplefilter("ignore")
torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
scripted = torch.jit.script(model)
traced = torch.jit.trace(model, x[:4])

@torch.jit.script
def penalty(weight: torch.Tensor) -> torch.Tensor:
    return weight.square().mean()

for net in (scripted, traced, model):
    optimizer = torch.optim.SGD(net.parameters(), lr=0.3)
    for step in range(20):
        loss = F.cross_entropy(net(x), y) + penalty(model[0].weight)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(repr(loss.item()))
print(len(str(scripted.graph)), len(str(traced.graph)))

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
