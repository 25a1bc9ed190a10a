"""Plans a network on the meta device (with a backward), then trains a real one."""
# steps: 30 or 31

import hashlib

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
with torch.device("meta"):
    plan = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
    loss = F.cross_entropy(plan(torch.randn(16, 8)), torch.zeros(16, dtype=torch.long))
loss.backward()
print(loss.device, plan[0].weight.grad.shape, sum(p.numel() for p in plan.parameters()))
model = plan.to_empty(device="cpu")
model.zero_grad(set_to_none=True)
for layer in (model[0], model[2]):
    layer.reset_parameters()
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for step in range(30):
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(repr(loss.item()))

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
