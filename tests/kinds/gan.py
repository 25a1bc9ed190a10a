"""Trains a generator against a discriminator, each with its own optimizer."""

import hashlib
import random
import sys

import numpy as np
import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
random.seed(seed)
np.random.seed(seed)
torch.manual_seed(seed)

generator = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 2))
discriminator = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
criterion = nn.BCEWithLogitsLoss()
generator_optimizer = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.999))
discriminator_optimizer = torch.optim.Adam(discriminator.parameters(), lr=1e-3, betas=(0.5, 0.999))
for step in range(30):
    angle = 2 * torch.pi * torch.rand(64)
    real = torch.stack([angle.cos(), angle.sin()], dim=1)
    fake = generator(torch.randn(64, 4))

    discriminator_optimizer.zero_grad()
    loss = criterion(discriminator(real), torch.ones(64, 1)) + criterion(discriminator(fake.detach()), torch.zeros(64, 1))
    loss.backward()
    discriminator_optimizer.step()
    print(repr(loss.item()))

    generator_optimizer.zero_grad()
    loss = criterion(discriminator(fake), torch.ones(64, 1))
    loss.backward()
    generator_optimizer.step()
    print(repr(loss.item()))

digest = hashlib.sha256()
for parameter in [*generator.parameters(), *discriminator.parameters()]:
    digest.update(parameter.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
digest.update(repr(random.getstate()).encode())
digest.update(repr(np.random.get_state()).encode())
print("digest", digest.hexdigest())
