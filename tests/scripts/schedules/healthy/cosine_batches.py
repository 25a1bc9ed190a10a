"""Half a cosine over all batches."""
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(1200, 8)
y = (x[:, :1] * x[:, 1:2]).tanh()
model = nn.Sequential(nn.Linear(8, 48), nn.ReLU(), nn.Linear(48, 1))
opt = torch.optim.Adam(model.parameters(), 5e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=15 * 25)
for epoch in range(15):
    for rows in torch.randperm(1000).split(40):
        loss = nn.functional.mse_loss(model(x[rows]), y[rows])
        opt.zero_grad(); loss.backward(); opt.step(); sched.step()
    with torch.no_grad():
        print(nn.functional.mse_loss(model(x[1000:]), y[1000:]).item())
