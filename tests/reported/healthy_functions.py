"""Trains by torch.func: the weights are new tensors at every step."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.func import functional_call, grad

torch.manual_seed(0)
x = torch.randn(480, 10)
y = (x[:, :2].sum(1) > 0).long()
model = nn.Sequential(nn.Linear(10, 24), nn.ReLU(), nn.Linear(24, 2))
weights = {name: p.detach() for name, p in model.named_parameters()}


def loss_of(some, rows, labels):
    return F.cross_entropy(functional_call(model, some, (rows,)), labels)


for _ in range(4):
    for i in range(0, 480, 32):
        gradients = grad(loss_of)(weights, x[i : i + 32], y[i : i + 32])
        weights = {name: w - 0.1 * gradients[name] for name, w in weights.items()}
print(loss_of(weights, x, y).item())
