"""Trains on digits with torch.func: no backward and no optimizer."""

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.func import functional_call, grad_and_value

torch.manual_seed(0)
digits = load_digits()
x = torch.tensor(digits.data, dtype=torch.float32) / 16
y = torch.tensor(digits.target)
x_test, y_test, x, y = x[1400:], y[1400:], x[:1400], y[:1400]
model = nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 10))
weights = {name: p.detach() for name, p in model.named_parameters()}


def loss_of(weights, images, labels):
    outputs = functional_call(model, weights, (images,))
    return nn.functional.cross_entropy(outputs, labels)


step_of = grad_and_value(loss_of)
for epoch in range(10):
    for rows in torch.randperm(1400).split(32):
        gradients, loss = step_of(weights, x[rows], y[rows])
        weights = {name: w - 0.2 * gradients[name] for name, w in weights.items()}
    with torch.no_grad():
        print(epoch, loss.item(), loss_of(weights, x_test, y_test).item())
