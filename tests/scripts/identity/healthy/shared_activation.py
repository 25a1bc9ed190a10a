"""Modules without parameters may stand at many places; a network may be applied to two inputs."""
import torch
from torch import nn

torch.manual_seed(0)
act = nn.ReLU()
net = nn.Sequential(nn.Linear(6, 32), act, nn.Linear(32, 32), act, nn.Linear(32, 8))


class Siamese(nn.Module):
    def __init__(self, tower):
        super().__init__()
        self.left = tower
        self.right = tower
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, a, b):
        return self.scale * (self.left(a) - self.right(b)).square().mean(1)


x = torch.randn(1000, 2, 6)
y = (x[:, 0, :2] * x[:, 1, :2]).sum(1) > 0
model = Siamese(net)
opt = torch.optim.Adam(model.parameters(), 3e-3)
for step in range(500):
    i = torch.randint(800, (40,))
    loss = nn.functional.binary_cross_entropy_with_logits(1 - model(x[i, 0], x[i, 1]), y[i].float())
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 100 == 99:
        with torch.no_grad():
            print(nn.functional.binary_cross_entropy_with_logits(1 - model(x[800:, 0], x[800:, 1]), y[800:].float()).item())
