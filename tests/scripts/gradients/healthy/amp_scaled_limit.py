"""The limit is multiplied by the scale: the same as unscaling first."""
import torch
from torch import nn

torch.manual_seed(1)
x = torch.randn(1200, 6)
y = x[:, :1].sin() + x[:, 1:2]
net = nn.Sequential(nn.Linear(6, 32), nn.Tanh(), nn.Linear(32, 1))
opt = torch.optim.SGD(net.parameters(), 0.05, momentum=0.9)
scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
for step in range(400):
    rows = torch.randint(1000, (40,))
    opt.zero_grad()
    scaler.scale(nn.functional.mse_loss(net(x[rows]), y[rows])).backward()
    nn.utils.clip_grad_norm_(net.parameters(), 5.0 * scaler.get_scale())
    scaler.step(opt)
    scaler.update()
with torch.no_grad():
    print(nn.functional.mse_loss(net(x[1000:]), y[1000:]).item())
