"""Solves u' = -2u + cos(3t), u(0) = 1, with a network trained on the equation alone."""

import sys

import numpy as np
import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

net = nn.Sequential(nn.Linear(1, 24), nn.Tanh(), nn.Linear(24, 24), nn.Tanh(), nn.Linear(24, 1))
optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
schedule = torch.optim.lr_scheduler.StepLR(optimizer, 300, gamma=0.5)
zero = torch.zeros(1, 1)
for step in range(1000):
    t = (2 * torch.rand(64, 1)).requires_grad_()
    u = net(t)
    (du,) = torch.autograd.grad(u.sum(), t, create_graph=True)
    residual = (du + 2 * u - torch.cos(3 * t)).square().mean()
    start = (net(zero) - 1).square().mean()
    loss = residual + 5 * start
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    schedule.step()
    if step % 200 == 199:
        print(f"step {step + 1}: residual {residual.item():.2e}, start {start.item():.2e}")
t = np.linspace(0, 2, 101)
exact = (2 * np.cos(3 * t) + 3 * np.sin(3 * t)) / 13 + (1 - 2 / 13) * np.exp(-2 * t)
with torch.no_grad():
    guess = net(torch.tensor(t, dtype=torch.float32).unsqueeze(1)).squeeze(1).numpy()
r2 = 1 - np.mean((guess - exact) ** 2) / exact.var()
print(f"final: eval_loss={np.mean((guess - exact) ** 2):.3e} learned={r2:.4f}")
