"""A target network that is loaded from the online one every few steps."""
import torch
from torch import nn

torch.manual_seed(2)


def q_network():
    return nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 2))


online, target = q_network(), q_network()
target.load_state_dict(online.state_dict())
opt = torch.optim.Adam(online.parameters(), 2e-3)
states = torch.randn(1000, 4)
rewards = torch.stack([states[:, 0], -states[:, 1]], 1)
following = torch.randn(1000, 4)
for step in range(600):
    i = torch.randint(1000, (32,))
    action = torch.randint(2, (32, 1))
    with torch.no_grad():
        goal = rewards[i].gather(1, action)[:, 0] + 0.3 * target(following[i]).max(1).values
    loss = nn.functional.smooth_l1_loss(online(states[i]).gather(1, action)[:, 0], goal)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 20 == 19:
        target.load_state_dict(online.state_dict())
print(loss.item())
