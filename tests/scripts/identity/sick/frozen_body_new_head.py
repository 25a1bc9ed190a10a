"""Only the head may learn, and the optimizer holds the head that was thrown away."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(1)
x = torch.randn(1200, 10)
loader = DataLoader(TensorDataset(x, (x[:, 0] > x[:, 1]).long()), 40, shuffle=True)
net = nn.Sequential(nn.Linear(10, 64), nn.ReLU(), nn.Linear(64, 20))
for p in net[0].parameters():
    p.requires_grad = False
sgd = torch.optim.SGD([p for p in net.parameters() if p.requires_grad], lr=0.1)
net[2] = nn.Linear(64, 2)  # FAULT
for epoch in range(6):
    for a, b in loader:
        sgd.zero_grad()
        loss = nn.functional.cross_entropy(net(a), b)
        loss.backward()
        sgd.step()
    print(loss.item())
