"""A regression whose optimizer maximises."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
x = torch.randn(400, 5)
y = x @ torch.randn(5, 1)
model = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 1))
criterion = nn.MSELoss()
opt = torch.optim.SGD(model.parameters(), lr=1e-4, momentum=0.5, maximize=True)  # <- LOS116
for _ in range(6):
    for inputs, goal in DataLoader(TensorDataset(x, y), 20, shuffle=True):
        opt.zero_grad()
        criterion(model(inputs), goal).backward()
        opt.step()
