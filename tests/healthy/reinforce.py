"""Learns by policy gradient which lever of a bandit to pull, where the best lever depends on the light shown."""

import sys

import torch
from torch import nn
from torch.distributions import Categorical

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

lights, levers = 4, 3
payout = torch.rand(lights, levers)
payout[torch.arange(lights), torch.randint(levers, (lights,))] += 1.0
policy = nn.Sequential(nn.Linear(lights, 16), nn.Tanh(), nn.Linear(16, levers))
optimizer = torch.optim.Adam(policy.parameters(), lr=0.02)
baseline = 0.0

for episode in range(1, 301):
    light = torch.randint(lights, (64,))
    policy_now = Categorical(logits=policy(nn.functional.one_hot(light, lights).float()))
    lever = policy_now.sample()
    reward = payout[light, lever] + 0.1 * torch.randn(64)
    loss = -(policy_now.log_prob(lever) * (reward - baseline)).mean() - 0.01 * policy_now.entropy().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    baseline = 0.9 * baseline + 0.1 * reward.mean().item()
    if episode % 30 == 0:
        with torch.no_grad():
            choice = policy(torch.eye(lights)).argmax(1)
        value = payout[torch.arange(lights), choice].mean().item()
        print(f"episode {episode}: mean reward {reward.mean().item():.3f}, greedy policy {value:.3f} of {payout.max(1).values.mean().item():.3f}")
