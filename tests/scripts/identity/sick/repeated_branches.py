"""`[branch] * n` in a list that is registered afterwards."""
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(7)


class Experts(nn.Module):
    def __init__(self, count):
        super().__init__()
        experts = [nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))] * count
        self.gate = nn.Linear(4, count)
        self.experts = nn.ModuleList(experts)  # FAULT

    def forward(self, x):
        weights = self.gate(x).softmax(-1)
        return (weights * torch.cat([e(x) for e in self.experts], -1)).sum(-1, keepdim=True)


x = torch.randn(1000, 4)
y = torch.where(x[:, :1] > 0, x[:, 1:2], -x[:, 2:3])
net = Experts(4)
opt = torch.optim.Adam(net.parameters(), 5e-3)
for step in range(400):
    i = torch.randint(800, (40,))
    loss = F.mse_loss(net(x[i]), y[i])
    opt.zero_grad(); loss.backward(); opt.step()
    if step % 80 == 79:
        with torch.no_grad():
            print(F.mse_loss(net(x[800:]), y[800:]).item())
