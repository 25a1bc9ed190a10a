"""The network's own zero_grad(), between backward and the step of two optimizers."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(8)
x = torch.randn(800, 7)
loader = DataLoader(TensorDataset(x, x[:, :2].argmax(1)), 40, shuffle=True)
net = nn.Sequential(nn.Linear(7, 20), nn.Tanh(), nn.Linear(20, 2))
first = torch.optim.SGD(net[0].parameters(), 0.1)
last = torch.optim.Adam(net[2].parameters(), 0.01)
for epoch in range(8):
    for a, b in loader:
        loss = nn.functional.cross_entropy(net(a), b)
        loss.backward()
        net.zero_grad(set_to_none=False)  # FAULT
        first.step()
        last.step()
    print(loss.item())
