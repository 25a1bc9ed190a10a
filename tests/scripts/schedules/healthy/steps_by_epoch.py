"""A rate that is divided by ten twice, late enough."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(1)
c = torch.randn(9, 7)
k = torch.randint(9, (1500,))
x, y = c[k] + 0.6 * torch.randn(1500, 7), k % 3
loader = DataLoader(TensorDataset(x[:1200], y[:1200]), 40, shuffle=True)
model = nn.Sequential(nn.Linear(7, 32), nn.ReLU(), nn.Linear(32, 3))
opt = torch.optim.SGD(model.parameters(), 0.1)
sched = torch.optim.lr_scheduler.MultiStepLR(opt, [8, 12], 0.1)
for epoch in range(15):
    model.train()
    for a, b in loader:
        loss = nn.functional.cross_entropy(model(a), b)
        opt.zero_grad()
        loss.backward()
        opt.step()
    sched.step()
    model.eval()
    with torch.no_grad():
        print(nn.functional.cross_entropy(model(x[1200:]), y[1200:]).item())
