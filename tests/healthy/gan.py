"""Trains a generator to draw points on a ring, against a discriminator with an optimizer of its own."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

def real_points(count):
    angle = 2 * torch.pi * torch.rand(count)
    return torch.stack([angle.cos(), angle.sin()], dim=1) * 1.4 + 0.1 * torch.randn(count, 2)


generator = nn.Sequential(nn.Linear(4, 48), nn.LeakyReLU(0.2), nn.Linear(48, 48), nn.LeakyReLU(0.2), nn.Linear(48, 2))
discriminator = nn.Sequential(nn.Linear(2, 48), nn.LeakyReLU(0.2), nn.Linear(48, 48), nn.LeakyReLU(0.2), nn.Linear(48, 1))
generator_optimizer = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.999))
discriminator_optimizer = torch.optim.Adam(discriminator.parameters(), lr=1e-3, betas=(0.5, 0.999))
criterion = nn.BCEWithLogitsLoss()
real_label, fake_label = torch.ones(128, 1), torch.zeros(128, 1)

for step in range(1, 401):
    fake = generator(torch.randn(128, 4))
    discriminator_optimizer.zero_grad()
    loss_real = criterion(discriminator(real_points(128)), real_label)
    loss_fake = criterion(discriminator(fake.detach()), fake_label)
    discriminator_loss = loss_real + loss_fake
    discriminator_loss.backward()
    discriminator_optimizer.step()

    generator_optimizer.zero_grad()
    generator_loss = criterion(discriminator(fake), real_label)
    generator_loss.backward()
    generator_optimizer.step()

    if step % 50 == 0:
        with torch.no_grad():
            radius = generator(torch.randn(1000, 4)).norm(dim=1)
        print(
            f"step {step}: discriminator {discriminator_loss.item():.3f}, generator {generator_loss.item():.3f}, "
            f"radius {radius.mean().item():.2f} +- {radius.std().item():.2f} (wanted 1.40 +- 0.10)"
        )
