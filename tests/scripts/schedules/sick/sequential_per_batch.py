"""A warm-up and a decay joined, in epochs, stepped by the batch."""
import torch
from torch import nn
from torch.optim.lr_scheduler import ConstantLR, MultiStepLR, SequentialLR

torch.manual_seed(7)
x = torch.rand(2400, 2) * 4 - 2
y = ((x.norm(dim=1) * 3).sin() > 0).float()[:, None]
net = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
opt = torch.optim.Adam(net.parameters(), 2e-3)
parts = [ConstantLR(opt, 0.3, 2), MultiStepLR(opt, [6, 12], 0.05)]
schedule = SequentialLR(opt, parts, [2])
criterion = nn.BCEWithLogitsLoss()
for epoch in range(20):
    for rows in torch.randperm(2000).chunk(40):
        loss = criterion(net(x[rows]), y[rows])
        opt.zero_grad(); loss.backward(); opt.step()
        schedule.step()  # FAULT
    net.eval()
    with torch.no_grad():
        print(epoch, criterion(net(x[2000:]), y[2000:]).item())
    net.train()
