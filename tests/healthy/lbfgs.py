"""Fits a smooth curve through noisy points with LBFGS."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

x = 4 * torch.rand(700, 1) - 2
y = torch.sin(2 * x) + 0.3 * x + 0.1 * torch.randn(700, 1)
y = (y - y[:500].mean()) / y[:500].std()
x = x / x[:500].std()
x_train, y_train, x_test, y_test = x[:500], y[:500], x[500:], y[500:]

model = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1))
criterion = nn.MSELoss()
optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=5, line_search_fn="strong_wolfe")


def closure():
    optimizer.zero_grad()
    loss = criterion(model(x_train), y_train)
    loss.backward()
    return loss


for step in range(1, 31):
    model.train()
    loss = optimizer.step(closure)
    model.eval()
    with torch.no_grad():
        test_loss = criterion(model(x_test), y_test).item()
    if step % 3 == 0:
        print(f"step {step}: training loss {loss.item():.4f}, test loss {test_loss:.4f}")
