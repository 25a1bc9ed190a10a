"""LBFGS computes the loss many times a step, and a GAN's maker zeroes what its rival left."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(300, 4)
y = (x[:, :1] * x[:, 1:2]).tanh()
net = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))
optimizer = torch.optim.LBFGS(net.parameters(), max_iter=10, line_search_fn="strong_wolfe")


def closure():
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(net(x), y)
    loss.backward()
    return loss


for _ in range(20):
    optimizer.step(closure)
