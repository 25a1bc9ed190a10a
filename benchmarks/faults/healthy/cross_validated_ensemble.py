"""Predicts house-like values by the mean of five networks, one a fold."""

import sys

import torch
from sklearn.datasets import make_friedman1
from sklearn.model_selection import KFold
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

x, y = make_friedman1(n_samples=900, noise=0.5, random_state=seed)
x = torch.tensor((x - 0.5) * 3.46, dtype=torch.float32)
y = torch.tensor((y - y.mean()) / y.std(), dtype=torch.float32)
x_hold, y_hold, x, y = x[750:], y[750:], x[:750], y[:750]


def train_one(x_fit, y_fit, x_val, y_val):
    net = nn.Sequential(nn.Linear(10, 40), nn.SELU(), nn.Linear(40, 20), nn.SELU(), nn.Linear(20, 1), nn.Flatten(0))
    optimizer = torch.optim.Adagrad(net.parameters(), lr=0.03)
    for epoch in range(25):
        for idx in torch.randperm(len(x_fit)).split(25):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(net(x_fit[idx]), y_fit[idx])
            loss.backward()
            optimizer.step()
    with torch.no_grad():
        print(f"fold: {nn.functional.mse_loss(net(x_val), y_val).item():.4f}")
    return net


nets = []
for fit, val in KFold(5, shuffle=True, random_state=seed).split(x):
    nets.append(train_one(x[fit], y[fit], x[val], y[val]))
with torch.no_grad():
    mean = torch.stack([net(x_hold) for net in nets]).mean(0)
error = nn.functional.mse_loss(mean, y_hold).item()
print(f"final: eval_loss={error:.4f} learned={1 - error / y_hold.var().item():.4f}")
