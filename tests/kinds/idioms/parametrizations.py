"""Has weight norm, spectral norm, orthogonal and hand-made parametrizations."""
# steps: 40

import hashlib

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import parametrizations, parametrize

class Symmetric(nn.Module):
    def forward(self, weight):
        return weight.triu() + weight.triu(1).T

    def right_inverse(self, weight):
        return weight.triu()

torch.manual_seed(0)
x = torch.randn(128, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(
    parametrizations.weight_norm(nn.Linear(8, 16)), nn.Tanh(),
    parametrizations.spectral_norm(nn.Linear(16, 16)), nn.Tanh(),
    parametrizations.orthogonal(nn.Linear(16, 16)), nn.Tanh(),
    nn.Linear(16, 16), nn.Linear(16, 2),
)
parametrize.register_parametrization(model[6], "weight", Symmetric())
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for step in range(40):
    with parametrize.cached():
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(repr(loss.item()))
for index in (0, 4, 6):
    parametrize.remove_parametrizations(model[index], "weight")

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
