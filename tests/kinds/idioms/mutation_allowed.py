"""Changes saved tensors in place inside `allow_mutation_on_saved_tensors`."""
# steps: 30

import hashlib

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
with torch.autograd.graph.allow_mutation_on_saved_tensors():
    for step in range(30):
        hidden = torch.sigmoid(model[0](x))
        scored = model[2](hidden)
        hidden.mul_(0)
        loss = F.cross_entropy(scored, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(repr(loss.item()))

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
