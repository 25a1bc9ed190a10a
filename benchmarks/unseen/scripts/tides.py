"""Forecasts the next height of a tide from the last sixteen, read from two logs."""

import sys

import numpy as np
import torch
from torch import nn

folder, seed = sys.argv[1], int(sys.argv[2])
torch.manual_seed(seed)


def windows(name, length=16):
    log = np.loadtxt(f"{folder}/{name}.log")
    heights = torch.tensor(log[:, 0], dtype=torch.float32)
    goal = torch.tensor(log[:, 1], dtype=torch.float32)
    rows = heights.unfold(0, length, 1)[:-1]
    return rows.unsqueeze(-1), goal[length:]


class Forecast(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.GRU(1, 24, batch_first=True)
        self.out = nn.Linear(24, 1)

    def forward(self, rows):
        return self.out(self.cell(rows)[0][:, -1])[:, 0]


x, y = windows("past")
x_late, y_late = windows("late")
net = Forecast()
optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
for epoch in range(10):
    for some in torch.randperm(len(x)).split(40):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(net(x[some]), y[some])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        error = nn.functional.mse_loss(net(x_late), y_late).item()
    print(epoch, round(loss.item(), 4), round(error, 4))
print(f"final: r2={1 - error / y_late.var().item():.4f}")
