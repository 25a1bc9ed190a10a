"""Trains a policy by its score function; the surrogate objective is no loss curve."""
# steps: 80

import hashlib

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for episode in range(80):
    states = torch.randn(64, 4)
    policy = torch.distributions.Categorical(logits=model(states))
    actions = policy.sample()
    rewards = (actions == (states[:, 0] > 0).long()).float()
    advantage = (rewards - rewards.mean()) / (rewards.std() + 1e-6)
    loss = -(policy.log_prob(actions) * advantage).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(repr(loss.item()), repr(rewards.mean().item()))

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
