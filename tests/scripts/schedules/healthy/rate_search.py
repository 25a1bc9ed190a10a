"""A search for the learning rate: it grows by a constant factor; then the network is trained."""
import copy

import torch
from torch import nn

torch.manual_seed(7)
x = torch.randn(1000, 6)
y = x[:, :2].abs().argmax(1)
net = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 2))
fresh = copy.deepcopy(net.state_dict())
opt = torch.optim.SGD(net.parameters(), 1e-5)
grow = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: 1.08**s)
history = []


def step(opt):
    rows = torch.randint(800, (32,))
    loss = nn.functional.cross_entropy(net(x[rows]), y[rows])
    opt.zero_grad()
    loss.backward()
    opt.step()
    return loss.item()


for _ in range(150):
    history.append((opt.param_groups[0]["lr"], step(opt)))
    grow.step()
print(min(history, key=lambda pair: pair[1]))
net.load_state_dict(fresh)
opt = torch.optim.SGD(net.parameters(), 0.2, momentum=0.9)
for _ in range(400):
    step(opt)
with torch.no_grad():
    print((net(x[800:]).argmax(1) == y[800:]).float().mean())
