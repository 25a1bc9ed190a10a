"""One cycle, stepped with the optimizer."""
import torch
from torch import nn

torch.manual_seed(2)
x = torch.randn(1200, 6)
y = (x[:, 0] + x[:, 1] * x[:, 2] > 0).long()
net = nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 2))
opt = torch.optim.SGD(net.parameters(), 0.01, momentum=0.9)
cycle = torch.optim.lr_scheduler.OneCycleLR(opt, 0.2, total_steps=400)
for step in range(400):
    rows = torch.randint(1000, (50,))
    loss = nn.functional.cross_entropy(net(x[rows]), y[rows])
    opt.zero_grad(); loss.backward(); opt.step(); cycle.step()
with torch.no_grad():
    print(nn.functional.cross_entropy(net(x[1000:]), y[1000:]).item())
