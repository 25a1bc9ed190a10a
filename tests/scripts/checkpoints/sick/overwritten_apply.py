"""The initialisation runs over what was loaded."""
import torch
from torch import nn

torch.manual_seed(5)
x = torch.randn(1500, 7)
y = x[:, :1] * x[:, 1:2]


def init(module):
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)


def make():
    return nn.Sequential(nn.Linear(7, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))


def train(net, steps):
    opt = torch.optim.Adam(net.parameters(), 2e-3)
    for _ in range(steps):
        i = torch.randint(1200, (40,))
        loss = nn.functional.mse_loss(net(x[i]), y[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        print(nn.functional.mse_loss(net(x[1200:]), y[1200:]).item())


source = make()
train(source, 300)
net = make()
net.load_state_dict(source.state_dict())
net.apply(init)  # FAULT
train(net, 100)
