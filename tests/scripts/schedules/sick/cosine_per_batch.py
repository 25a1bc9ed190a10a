"""Half a cosine for the epochs, stepped after every batch: the rate swings up and down."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(6)
x = torch.randn(1500, 10)
y = torch.sin(2 * x[:, :1]) + x[:, 1:2] * x[:, 2:3] + 0.1 * torch.randn(1500, 1)
loader = DataLoader(TensorDataset(x[:1200], y[:1200]), 48, shuffle=True, drop_last=True)
EPOCHS = 10
model = nn.Sequential(nn.Linear(10, 64), nn.SiLU(), nn.Linear(64, 1))
optimizer = torch.optim.Adam(model.parameters(), 3e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=EPOCHS)
for epoch in range(EPOCHS):
    for features, target in loader:
        optimizer.zero_grad()
        nn.MSELoss()(model(features), target).backward()
        optimizer.step()
        scheduler.step()  # FAULT
    with torch.no_grad():
        print(epoch, nn.MSELoss()(model(x[1200:]), y[1200:]).item())
