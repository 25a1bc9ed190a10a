"""A moving average of the weights is swapped in for evaluation and out again."""
import torch
from torch import nn

torch.manual_seed(6)
x = torch.randn(1000, 6)
y = x[:, :1].sin() * x[:, 1:2]
net = nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 1))
average = {n: p.detach().clone() for n, p in net.state_dict().items()}
opt = torch.optim.Adam(net.parameters(), 3e-3)
for epoch in range(15):
    for i in torch.randperm(800).split(40):
        loss = nn.functional.mse_loss(net(x[i]), y[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
        for n, w in net.state_dict().items():
            average[n].mul_(0.95).add_(w, alpha=0.05)
    backup = {n: w.clone() for n, w in net.state_dict().items()}
    net.load_state_dict(average)
    with torch.no_grad():
        print(nn.functional.mse_loss(net(x[800:]), y[800:]).item())
    net.load_state_dict(backup)
