"""A stack of blocks from one block."""
import torch
from torch import nn

torch.manual_seed(5)
x = torch.randn(1000, 1, 16)
y = x[:, 0].abs().mean(1, keepdim=True)
block = nn.Sequential(nn.Conv1d(8, 8, 3, padding=1), nn.ReLU())
net = nn.Sequential(nn.Conv1d(1, 8, 3, padding=1), *[block] * 3, nn.Flatten(), nn.Linear(128, 1))  # FAULT
opt = torch.optim.Adam(net.parameters(), 2e-3)
for step in range(400):
    i = torch.randint(800, (32,))
    loss = nn.functional.mse_loss(net(x[i]), y[i])
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 50 == 49:
        with torch.no_grad():
            print(nn.functional.mse_loss(net(x[800:]), y[800:]).item())
