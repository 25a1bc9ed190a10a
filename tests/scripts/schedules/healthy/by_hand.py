"""A polynomial decay that is set by hand."""
import torch
from torch import nn

torch.manual_seed(9)
x = torch.randn(1200, 6)
y = (x[:, :3].sum(1) * x[:, 3] > 0).long()
net = nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 2))
opt = torch.optim.Adam(net.parameters(), 5e-3)
for step in range(500):
    for group in opt.param_groups:
        group["lr"] = 5e-3 * (1 - step / 500) ** 0.9
    rows = torch.randint(1000, (50,))
    loss = nn.functional.cross_entropy(net(x[rows]), y[rows])
    opt.zero_grad(); loss.backward(); opt.step()
with torch.no_grad():
    print(nn.functional.cross_entropy(net(x[1000:]), y[1000:]).item())
