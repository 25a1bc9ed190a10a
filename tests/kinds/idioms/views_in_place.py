"""Changes tensors in place, trains views, freezes and thaws layers, and swaps weights."""
# steps: 60

import hashlib

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for step in range(60):
    hidden = model[0](x)
    hidden[:, :4] *= 2
    hidden = hidden + 0
    hidden.add_(0.1).relu_()
    loss = F.cross_entropy(model[2](hidden), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step == 15:
        model[0].requires_grad_(False)
    if step == 30:
        model[0].requires_grad_(True)
        model[2].weight = nn.Parameter(model[2].weight.detach() * 0.5)
        optimizer.add_param_group({"params": [model[2].weight], "lr": 0.02})
    if step == 45:
        model[2].weight.data = torch.zeros(2, 32) + 0.01
        model[0].weight.detach()[:, 0].zero_()
    print(repr(loss.item()), model[0].weight._version, x._version, loss._version)

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
