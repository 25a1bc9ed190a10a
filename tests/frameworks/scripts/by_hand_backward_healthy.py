"""Trains on digits with `backward()` and an update under `no_grad`."""

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
digits = load_digits()
x = torch.tensor(digits.data, dtype=torch.float32) / 16
y = torch.tensor(digits.target)
x_test, y_test, x, y = x[1400:], y[1400:], x[:1400], y[:1400]
model = nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 10))
for epoch in range(10):
    for rows in torch.randperm(1400).split(32):
        loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
        loss.backward()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= 0.2 * parameter.grad
                parameter.grad = None
    with torch.no_grad():
        print(epoch, loss.item(), nn.functional.cross_entropy(model(x_test), y_test).item())
