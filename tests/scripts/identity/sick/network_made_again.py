"""The network is built a second time, after the optimizer."""
import torch
from torch import nn

torch.manual_seed(2)
x = torch.randn(900, 6)
y = x[:, :1] - x[:, 1:2]


def build(width):
    return nn.Sequential(nn.Linear(6, width), nn.Tanh(), nn.Linear(width, 1))


model = build(32)
opt = torch.optim.Adam(model.parameters(), lr=3e-3)  # FAULT
model = build(32)
for step in range(250):
    i = torch.randint(900, (30,))
    loss = nn.functional.mse_loss(model(x[i]), y[i])
    opt.zero_grad()
    loss.backward()
    opt.step()
print(loss.item())
