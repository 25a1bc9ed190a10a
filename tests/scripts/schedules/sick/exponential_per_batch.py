"""A small convolutional network on stripes; the epoch function steps the decay with the optimizer."""
import torch
import torch.nn.functional as F
from torch import nn, optim

torch.manual_seed(1)


def pictures(n):
    angle = torch.randint(4, (n,))
    grid = torch.arange(12.0)
    rows, columns = grid[:, None].expand(12, 12), grid[None].expand(12, 12)
    waves = torch.stack([rows, columns, rows + columns, rows - columns])[angle]
    return (torch.sin(1.3 * waves + 6 * torch.rand(n, 1, 1)) + 1.2 * torch.randn(n, 12, 12))[:, None], angle


def fit_epoch(net, x, y, optimizer, schedule):
    net.train()
    for i in range(0, len(x), 25):
        optimizer.zero_grad()
        F.nll_loss(F.log_softmax(net(x[i:i + 25]), -1), y[i:i + 25]).backward()
        optimizer.step()
        schedule.step()  # FAULT


x, y = pictures(1000)
net = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(200, 4))
optimizer = optim.SGD(net.parameters(), 0.01, momentum=0.9)
schedule = optim.lr_scheduler.ExponentialLR(optimizer, 0.8)
for epoch in range(15):
    fit_epoch(net, x, y, optimizer, schedule)
test_x, test_y = pictures(300)
net.eval()
with torch.no_grad():
    print((net(test_x).argmax(1) == test_y).float().mean())
