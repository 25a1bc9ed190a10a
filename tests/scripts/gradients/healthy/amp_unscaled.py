"""Unscaled before clipping, with accumulation."""
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(1200, 9)
y = (x[:, 0] * x[:, 1] > 0).long()
net = nn.Sequential(nn.Linear(9, 64), nn.ReLU(), nn.Linear(64, 2))
opt = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9)
scaler = torch.amp.GradScaler("cpu")
for step in range(500):
    for _ in range(2):
        rows = torch.randint(1000, (25,))
        scaler.scale(nn.functional.cross_entropy(net(x[rows]), y[rows]) / 2).backward()
    scaler.unscale_(opt)
    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    scaler.step(opt)
    scaler.update()
    opt.zero_grad()
with torch.no_grad():
    print((net(x[1000:]).argmax(1) == y[1000:]).float().mean().item())
