"""A generator that maximises the loss of its rival."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
maker = nn.Sequential(nn.Linear(4, 24), nn.ReLU(), nn.Linear(24, 2))
judge = nn.Sequential(nn.Linear(2, 24), nn.LeakyReLU(), nn.Linear(24, 1))
make, tell = (torch.optim.Adam(m.parameters(), lr=1e-3, betas=(0.5, 0.9)) for m in (maker, judge))
for _ in range(150):
    real, fake = 0.5 * torch.randn(64, 2) + 1, maker(torch.randn(64, 4))
    true, false = judge(real), judge(fake.detach())
    loss = F.binary_cross_entropy_with_logits(
        torch.cat([true, false]), torch.cat([torch.ones(64, 1), torch.zeros(64, 1)])
    )
    tell.zero_grad()
    loss.backward()
    tell.step()
    gain = -F.binary_cross_entropy_with_logits(judge(fake), torch.zeros(64, 1))
    make.zero_grad()
    gain.backward()
    make.step()
