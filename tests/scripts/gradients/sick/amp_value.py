"""Mixed precision; gradients are clipped by value before they are unscaled."""
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(1200, 9)
y = (x[:, :3].sum(1, keepdim=True) * x[:, 3:4]).tanh()
net = nn.Sequential(nn.Linear(9, 64), nn.ReLU(), nn.Linear(64, 1))
opt = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9)
scaler = torch.amp.GradScaler("cpu", init_scale=2.0**15)
for epoch in range(8):
    for rows in torch.randperm(1000).split(50):
        opt.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            prediction = net(x[rows])
        loss = nn.functional.mse_loss(prediction.float(), y[rows])
        scaler.scale(loss).backward()
        nn.utils.clip_grad_value_(net.parameters(), 0.5)  # FAULT
        scaler.step(opt)
        scaler.update()
    with torch.no_grad():
        print(nn.functional.mse_loss(net(x[1000:]), y[1000:]).item())
