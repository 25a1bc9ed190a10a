"""Two networks against each other: one's backward fills the other's gradients, which are zeroed."""
import torch
from torch import nn

torch.manual_seed(4)
generator = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 2))
critic = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(), nn.Linear(32, 1))
opt_g = torch.optim.Adam(generator.parameters(), 1e-3)
opt_c = torch.optim.Adam(critic.parameters(), 1e-3)
bce = nn.functional.binary_cross_entropy_with_logits
for step in range(300):
    real = torch.randn(64, 2) * torch.tensor([1.0, 0.3]) + 2
    fake = generator(torch.randn(64, 4))
    loss_c = bce(critic(real), torch.ones(64, 1)) + bce(critic(fake.detach()), torch.zeros(64, 1))
    opt_c.zero_grad()
    loss_c.backward()
    opt_c.step()
    loss_g = bce(critic(fake), torch.ones(64, 1))
    opt_g.zero_grad()
    loss_g.backward()
    opt_g.step()
print(fake.mean(0))
