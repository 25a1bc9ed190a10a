"""Warm restarts, stepped by fractions of an epoch."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(8)
x = torch.randn(1300, 5)
y = (x[:, :1].sin() + x[:, 1:2] * x[:, 2:3])
loader = DataLoader(TensorDataset(x[:1000], y[:1000]), 50, shuffle=True)
net = nn.Sequential(nn.Linear(5, 64), nn.ReLU(), nn.Linear(64, 1))
opt = torch.optim.Adam(net.parameters(), 5e-3)
restarts = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(opt, 4, 2)
for epoch in range(12):
    for i, (a, b) in enumerate(loader):
        loss = nn.functional.mse_loss(net(a), b)
        opt.zero_grad(); loss.backward(); opt.step()
        restarts.step(epoch + i / len(loader))
    with torch.no_grad():
        print(nn.functional.mse_loss(net(x[1000:]), y[1000:]).item())
