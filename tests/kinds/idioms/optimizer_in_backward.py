"""Steps an optimizer per parameter inside backward, by post-accumulate-grad hooks."""
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
optimizers = {p: torch.optim.SGD([p], lr=0.3, momentum=0.5) for p in model.parameters()}

def step_at_once(parameter):
    optimizers[parameter].step()
    optimizers[parameter].zero_grad()

for parameter in model.parameters():
    parameter.register_post_accumulate_grad_hook(step_at_once)
for step in range(40):
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    print(repr(loss.item()), [p.grad is None for p in model.parameters()])

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
