"""Adam does not feel a limit that is always reached."""
import torch
from torch import nn

torch.manual_seed(3)
x = torch.randn(1200, 6)
y = (x[:, 0] + x[:, 1] * x[:, 2] > 0).long()
net = nn.Sequential(nn.Linear(6, 48), nn.ReLU(), nn.Linear(48, 2))
opt = torch.optim.Adam(net.parameters(), 5e-3)
for epoch in range(20):
    for rows in torch.randperm(1000).split(50):
        loss = nn.functional.cross_entropy(net(x[rows]), y[rows])
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 0.01)
        opt.step()
    with torch.no_grad():
        print(nn.functional.cross_entropy(net(x[1000:]), y[1000:]).item())
