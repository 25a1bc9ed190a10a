"""A plateau of the noisy loss of single batches."""
import torch
from torch import nn

torch.manual_seed(11)
x = torch.randn(1600, 8)
y = (x[:, :2].sum(1) + x[:, 2] * x[:, 3] > 0).long()
net = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
opt = torch.optim.SGD(net.parameters(), 0.05)
lower = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, "min", patience=3)
for epoch in range(12):
    for i in torch.randperm(1200).split(24):
        loss = nn.functional.cross_entropy(net(x[i]), y[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
        lower.step(loss.item())  # FAULT
    with torch.no_grad():
        print(epoch, nn.functional.cross_entropy(net(x[1200:]), y[1200:]).item())
