"""Gradients are set to zero before the step."""
import torch
from torch import nn

torch.manual_seed(6)
x = torch.randn(900, 6)
y = (x[:, 0] > x[:, 1]).long()
model = nn.Sequential(nn.Linear(6, 24), nn.ReLU(), nn.Linear(24, 2))
optimizer = torch.optim.Adam(model.parameters(), 1e-2)
for epoch in range(10):
    for rows in torch.randperm(700).split(35):
        loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
        loss.backward()
        optimizer.zero_grad()  # FAULT
        optimizer.step()
    with torch.no_grad():
        print(nn.functional.cross_entropy(model(x[700:]), y[700:]).item())
