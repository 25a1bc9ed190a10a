"""Counts of visitors by weather and weekday: Poisson regression with a hidden layer."""

import sys

import torch
import torch.nn.functional as F
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

n = 3000
temperature, rain = torch.randn(n), torch.rand(n) - 0.5
weekday = torch.randint(7, (n,))
log_rate = 1.5 + 0.5 * temperature - 1.2 * rain + 0.8 * (weekday >= 5) - 0.3 * temperature.square().clamp(max=4)
visitors = torch.poisson(log_rate.exp())
x = torch.cat([torch.stack([temperature, rain * 3.46], dim=1), F.one_hot(weekday, 7).float()], dim=1)
train, test = slice(0, 2400), slice(2400, n)

net = nn.Sequential(nn.Linear(9, 32), nn.ELU(), nn.Linear(32, 1))
criterion = nn.PoissonNLLLoss(log_input=True)
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
for epoch in range(15):
    for idx in torch.randperm(2400).split(64):
        optimizer.zero_grad()
        criterion(net(x[idx]).squeeze(1), visitors[idx]).backward()
        optimizer.step()
    with torch.no_grad():
        guess = net(x[test]).squeeze(1)
        nll = criterion(guess, visitors[test]).item()
    print(f"epoch {epoch}: negative log-likelihood {nll:.4f}")
error = (guess.exp() - log_rate[test].exp()).square().mean() / log_rate[test].exp().var()
print(f"final: eval_loss={nll:.4f} learned={1 - error.item():.4f}")
