"""Patches functions in the middle of training, leaves them patched, and trains on."""
# steps: 60

import collections
import hashlib
from unittest import mock

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
calls = collections.Counter()

def train(steps):
    for step in range(steps):
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(repr(loss.item()), dict(calls))

train(20)
for owner, name in ((torch.autograd, "backward"), (torch.Tensor, "backward"), (F, "cross_entropy"), (torch.optim.Adam, "step")):
    def counted(*args, original=getattr(owner, name), name=f"{owner.__name__}.{name}", **kwargs):
        calls[name] += 1
        return original(*args, **kwargs)

    setattr(owner, name, counted)
train(20)
with mock.patch.object(F, "cross_entropy", lambda outputs, targets: F.nll_loss(F.log_softmax(outputs, 1), targets)), mock.patch(
    "torch.Tensor.backward", lambda tensor: torch.autograd.backward([tensor])
):
    train(20)
print(F.cross_entropy.__name__, torch.Tensor.backward.__name__)

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
