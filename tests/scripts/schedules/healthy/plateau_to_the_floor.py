"""A noisy regression that is at rest long before the plateau takes the rate to nothing."""
import torch
from torch import nn

torch.manual_seed(4)
x = torch.randn(1500, 5)
y = x @ torch.randn(5, 1) + 1.5 * torch.randn(1500, 1)
model = nn.Linear(5, 1)
opt = torch.optim.SGD(model.parameters(), 0.02)
plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, "min", 0.1, patience=2)
for epoch in range(60):
    for rows in torch.randperm(1200).split(60):
        loss = nn.functional.mse_loss(model(x[rows]), y[rows])
        opt.zero_grad(); loss.backward(); opt.step()
    with torch.no_grad():
        plateau.step(nn.functional.mse_loss(model(x[1200:]), y[1200:]).item())
print(opt.param_groups[0]["lr"])
