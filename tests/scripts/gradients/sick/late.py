"""Clipped after the step."""
import torch
from torch import nn

torch.manual_seed(9)
x = torch.randn(900, 6)
y = x[:, :1] * 2 - x[:, 1:2]
model = nn.Sequential(nn.Linear(6, 24), nn.ReLU(), nn.Linear(24, 1))
optimizer = torch.optim.Adam(model.parameters(), 5e-3)
for epoch in range(10):
    for rows in torch.randperm(700).split(35):
        loss = nn.functional.mse_loss(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # FAULT
    with torch.no_grad():
        print(nn.functional.mse_loss(model(x[700:]), y[700:]).item())
