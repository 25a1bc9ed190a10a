"""Gradients are clamped by a loop of the script's own."""
import torch
from torch import nn

torch.manual_seed(5)
series = torch.sin(torch.arange(2000) * 0.1)
windows = series.unfold(0, 12, 1)
net = nn.Sequential(nn.Linear(11, 32), nn.ReLU(), nn.Linear(32, 1))
opt = torch.optim.SGD(net.parameters(), 0.05, momentum=0.9)
for step in range(300):
    rows = torch.randint(1500, (32,))
    loss = nn.functional.mse_loss(net(windows[rows, :11]), windows[rows, 11:])
    opt.zero_grad()
    loss.backward()
    for p in net.parameters():
        p.grad.data.clamp_(-1e-5, 1e-5)
    opt.step()  # FAULT
print(loss.item())
