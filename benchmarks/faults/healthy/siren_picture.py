"""Memorises a small picture as a function of its coordinates, with sines for activations."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

rows, columns = torch.meshgrid(torch.linspace(-1, 1, 32), torch.linspace(-1, 1, 48), indexing="ij")
grid = torch.stack([rows, columns], dim=-1)
picture = torch.sin(9 * columns) * (rows > 0) + torch.zeros(32, 48)
for _ in range(6):
    spot = torch.rand(2) * 2 - 1
    picture += torch.randn(()) * torch.exp(-20 * (grid - spot).square().sum(-1))
picture = (picture - picture.mean()) / picture.std()
points, values = grid.reshape(-1, 2), picture.reshape(-1, 1)


class Sine(nn.Module):
    def __init__(self, n_in, n_out, first=False):
        super().__init__()
        self.linear = nn.Linear(n_in, n_out)
        self.speed = 15 if first else 6
        bound = 1 / n_in if first else (6 / n_in) ** 0.5 / self.speed
        nn.init.uniform_(self.linear.weight, -bound, bound)

    def forward(self, x):
        return torch.sin(self.speed * self.linear(x))


net = nn.Sequential(Sine(2, 64, first=True), Sine(64, 64), nn.Linear(64, 1))
optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
for step in range(300):
    loss = nn.functional.mse_loss(net(points), values)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 50 == 49:
        print(f"step {step + 1}: {loss.item():.4f}")
print(f"final: eval_loss={loss.item():.4f} learned={1 - loss.item():.4f}")
