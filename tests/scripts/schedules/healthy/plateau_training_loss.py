"""The plateau of the training loss, which has no evaluation beside it."""
import torch
from torch import nn

torch.manual_seed(6)
x = torch.randn(900, 4)
y = torch.stack([x[:, 0] > 0, x[:, 1] > x[:, 2]], 1).float()
net = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 2))
opt = torch.optim.Adam(net.parameters(), 1e-2)
plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, factor=0.5, patience=3)
for epoch in range(30):
    total = 0.0
    for i in range(0, 900, 45):
        loss = nn.functional.binary_cross_entropy_with_logits(net(x[i:i + 45]), y[i:i + 45])
        opt.zero_grad(); loss.backward(); opt.step()
        total += loss.item()
    plateau.step(total)
print(total)
