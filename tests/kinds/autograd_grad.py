"""Trains with torch.autograd.grad and an update written by hand."""

import hashlib
import random
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
random.seed(seed)
np.random.seed(seed)
torch.manual_seed(seed)

x = torch.randn(300, 6)
y = (x.norm(dim=1) > 2.4).long()
model = nn.Sequential(nn.Linear(6, 32), nn.SiLU(), nn.Linear(32, 2))
parameters = list(model.parameters())
for step in range(40):
    batch = torch.randperm(300)[:50]
    loss = F.cross_entropy(model(x[batch]), y[batch])
    gradients = torch.autograd.grad(loss, parameters)
    with torch.no_grad():
        for parameter, gradient in zip(parameters, gradients):
            parameter.sub_(0.2 * gradient)
    print(repr(loss.item()))

digest = hashlib.sha256()
for parameter in model.parameters():
    digest.update(parameter.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
digest.update(repr(random.getstate()).encode())
digest.update(repr(np.random.get_state()).encode())
print("digest", digest.hexdigest())
