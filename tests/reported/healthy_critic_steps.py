"""A critic that steps five times to one step of the maker, which alone is zeroed in its turn."""

import torch
from torch import nn

torch.manual_seed(0)
maker = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
critic = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(), nn.Linear(16, 1))
make = torch.optim.RMSprop(maker.parameters(), lr=1e-3)
tell = torch.optim.RMSprop(critic.parameters(), lr=1e-3)
for turn in range(200):
    fake, real = maker(torch.randn(32, 4)), 0.5 * torch.randn(32, 2) + 1
    loss = critic(fake.detach()).mean() - critic(real).mean()
    tell.zero_grad()
    loss.backward()
    tell.step()
    for weight in critic.parameters():
        weight.data.clamp_(-0.1, 0.1)
    if turn % 5 == 4:
        make.zero_grad()
        (-critic(fake).mean()).backward()
        make.step()
