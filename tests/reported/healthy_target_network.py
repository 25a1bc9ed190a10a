"""Values whose targets come from a second network."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)


def made():
    return nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 2))


values, targets = made(), made()
targets.load_state_dict(values.state_dict())
optimizer = torch.optim.Adam(values.parameters(), lr=1e-3)
for step in range(400):
    states, following = torch.randn(32, 4), torch.randn(32, 4)
    action = torch.randint(2, (32,))
    reward = (action == (states[:, 0] > 0)).float()
    with torch.no_grad():
        wanted = reward + 0.9 * targets(following).max(1).values
    guess = values(states).gather(1, action[:, None]).squeeze(1)
    loss = F.smooth_l1_loss(guess, wanted)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 100 == 99:
        targets.load_state_dict(values.state_dict())
print(loss.item())
