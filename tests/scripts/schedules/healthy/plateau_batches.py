"""The plateau of a smoothed loss, with patience for it; and groups with rates of their own."""
import torch
from torch import nn

torch.manual_seed(12)
x = torch.randn(1600, 8)
y = (x[:, :2].sum(1) + x[:, 2] * x[:, 3] > 0).long()
body, head = nn.Sequential(nn.Linear(8, 64), nn.ReLU()), nn.Linear(64, 2)
opt = torch.optim.Adam([{"params": body.parameters(), "lr": 5e-3}, {"params": head.parameters(), "lr": 1e-4}])
lower = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, "min", factor=0.5, patience=200)
smooth = 0.7
for step in range(700):
    i = torch.randint(1200, (24,))
    loss = nn.functional.cross_entropy(head(body(x[i])), y[i])
    opt.zero_grad()
    loss.backward()
    opt.step()
    smooth = 0.98 * smooth + 0.02 * loss.item()
    lower.step(smooth)
with torch.no_grad():
    print(nn.functional.cross_entropy(head(body(x[1200:])), y[1200:]).item())
