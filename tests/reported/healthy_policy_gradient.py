"""The gain of a policy takes both signs."""

import torch
from torch import nn

torch.manual_seed(0)

policy = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)
for _ in range(150):
    states = torch.randn(12, 4)
    choice = torch.distributions.Categorical(logits=policy(states))
    action = choice.sample()
    reward = (action == (states[:, 0] > 0)).float()
    gain = reward.flip(0).cumsum(0).flip(0)
    gain = (gain - gain.mean()) / (gain.std() + 1e-6)
    loss = -(choice.log_prob(action) * gain).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(reward.mean().item())
