"""On the CPU, `.cpu()` is no copy."""
import torch
from torch import nn


class EarlyStopping:
    def __init__(self, patience):
        self.patience, self.count, self.low, self.weights = patience, 0, None, None

    def better(self, value, net):
        if self.low is None or value < self.low:
            self.low, self.count = value, 0
            self.weights = {k: v.cpu() for k, v in net.state_dict().items()}  # FAULT
        else:
            self.count += 1
        return self.count < self.patience


torch.manual_seed(9)
x = torch.randn(600, 10)
y = x[:, :1] - x[:, 1:2] * x[:, 2:3] + torch.randn(600, 1)
net = nn.Sequential(nn.Linear(10, 100), nn.ReLU(), nn.Linear(100, 1))
opt = torch.optim.Adam(net.parameters(), 5e-3)
stop = EarlyStopping(4)
for epoch in range(40):
    for i in torch.randperm(200).split(20):
        loss = nn.functional.mse_loss(net(x[i]), y[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        value = nn.functional.mse_loss(net(x[200:]), y[200:]).item()
    if not stop.better(value, net):
        break
net.load_state_dict(stop.weights)
print(epoch, stop.low)
