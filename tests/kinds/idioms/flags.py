"""Prints the interpreter's flags, an assert and a warning: run with -O, -W error and others."""
# steps: 40

import hashlib
import sys
import warnings

import torch
import torch.nn.functional as F
from torch import nn

def helped():
    """Help."""

print(__debug__, helped.__doc__, sys.flags, sys.warnoptions, sorted(sys._xoptions), sys.stdout.write_through)
torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for step in range(40):
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    assert step < 35 or print("asserts are on") is None
    print(repr(loss.item()))
try:
    warnings.warn("a warning of mine", RuntimeWarning)
except RuntimeWarning as error:
    print("raised", error)

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
