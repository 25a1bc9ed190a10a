"""A small diffusion model of points on a ring: learns to predict the noise that was added."""

import math
import sys

import torch
import torch.nn.functional as F
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

levels = 40
beta = torch.linspace(1e-3, 0.2, levels)
kept = torch.cumprod(1 - beta, 0)


class Denoiser(nn.Module):
    def __init__(self):
        super().__init__()
        self.time = nn.Embedding(levels, 32)
        self.inp = nn.Linear(2, 64)
        self.mix = nn.Linear(32, 64)
        self.body = nn.Sequential(nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 2))

    def forward(self, x, t):
        return self.body(self.inp(x) + self.mix(self.time(t)))


def ring(count):
    angle = 2 * math.pi * torch.rand(count)
    return torch.stack([angle.cos(), angle.sin()], 1) * 1.4


net = Denoiser()
average = {k: v.clone() for k, v in net.state_dict().items()}
optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
for step in range(1500):
    x, t, noise = ring(128), torch.randint(levels, (128,)), torch.randn(128, 2)
    a = kept[t].unsqueeze(1)
    loss = F.mse_loss(net(a.sqrt() * x + (1 - a).sqrt() * noise, t), noise)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for name, value in net.state_dict().items():
            average[name].lerp_(value, 0.02)
    if step % 250 == 249:
        print(f"step {step + 1}: loss {loss.item():.4f}")
net.load_state_dict(average)
with torch.no_grad():
    x = torch.randn(1000, 2)
    for t in reversed(range(levels)):
        guess = net(x, torch.full((1000,), t))
        x = (x - beta[t] / (1 - kept[t]).sqrt() * guess) / (1 - beta[t]).sqrt()
        if t > 0:
            x = x + beta[t].sqrt() * torch.randn_like(x)
error = (x.norm(dim=1) - 1.4).square().mean().sqrt().item()
print(f"final: radius_error={error:.4f} learned={1 - error / 0.7:.4f}")
