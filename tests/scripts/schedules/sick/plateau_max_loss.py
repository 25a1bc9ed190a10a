"""The mode for scores, with a loss."""
import torch
from torch import nn

torch.manual_seed(10)
x = torch.randn(1400, 6)
y = (x[:, 0] * x[:, 1] + x[:, 2].abs())[:, None]
model = nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 1))
optimizer = torch.optim.SGD(model.parameters(), 0.01, momentum=0.9)
lr_schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, "max", factor=0.3, patience=1)  # FAULT
for epoch in range(24):
    model.train()
    for part in torch.randperm(1000).split(25):
        error = nn.functional.huber_loss(model(x[part]), y[part])
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        held_out = nn.functional.huber_loss(model(x[1000:]), y[1000:])
    lr_schedule.step(held_out)
    print(epoch, held_out.item())
