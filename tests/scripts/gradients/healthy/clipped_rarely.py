"""A limit that only outliers reach; the norm is logged after the step by the same function."""
import torch
from torch import nn

torch.manual_seed(6)
x = torch.randn(1000, 5)
y = x[:, :1] * x[:, 1:2]
net = nn.Sequential(nn.Linear(5, 48), nn.ReLU(), nn.Linear(48, 1))
opt = torch.optim.AdamW(net.parameters(), 5e-3)
for step in range(400):
    rows = torch.randint(800, (40,))
    loss = nn.functional.mse_loss(net(x[rows]), y[rows])
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 10.0)
    opt.step()
with torch.no_grad():
    print(nn.functional.mse_loss(net(x[800:]), y[800:]).item())
