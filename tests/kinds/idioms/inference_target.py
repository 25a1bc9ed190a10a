"""Trains towards targets that were made in inference mode."""
# steps: 30

import hashlib

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x = torch.randn(64, 3)
with torch.inference_mode():
    y = x.sum(1, keepdim=True)
    x_test = torch.randn(32, 3)
for step in range(30):
    loss = (model(x) - y).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.inference_mode():
        print(repr(loss.item()), repr(F.mse_loss(model(x_test), x_test.sum(1, keepdim=True)).item()))

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
