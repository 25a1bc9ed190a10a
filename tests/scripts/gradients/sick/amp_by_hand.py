"""Mixed precision with a clipping of its own, on scaled gradients."""
import torch
from torch import nn

torch.manual_seed(2)
x = torch.rand(1000, 2) * 2 - 1
y = (x.prod(1) > 0).long()
net = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 2))
opt = torch.optim.SGD(net.parameters(), 0.3, momentum=0.9)
scaler = torch.amp.GradScaler("cpu")
for step in range(300):
    rows = torch.randint(800, (40,))
    loss = nn.functional.cross_entropy(net(x[rows]), y[rows])
    opt.zero_grad()
    scaler.scale(loss).backward()
    total = torch.stack([p.grad.norm() for p in net.parameters()]).norm()
    for p in net.parameters():
        p.grad.mul_(min(1.0, 1.0 / total.item()))
    scaler.step(opt)  # FAULT
    scaler.update()
with torch.no_grad():
    print((net(x[800:]).argmax(1) == y[800:]).float().mean().item())
