"""A limit of a thousandth on gradients of about 1."""
import torch
from torch import nn

torch.manual_seed(3)
x = torch.randn(1500, 8)
y = x.abs().sum(1, keepdim=True) - 6
net = nn.Sequential(nn.Linear(8, 48), nn.ReLU(), nn.Linear(48, 1))
sgd = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)


def epoch():
    for rows in torch.randperm(1200).split(48):
        loss = nn.functional.smooth_l1_loss(net(x[rows]), y[rows])
        sgd.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1e-3)  # FAULT
        sgd.step()


for _ in range(12):
    epoch()
    with torch.no_grad():
        print(nn.functional.smooth_l1_loss(net(x[1200:]), y[1200:]).item())
