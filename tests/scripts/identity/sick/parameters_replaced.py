"""Every parameter is replaced by a scaled copy, after the optimizer took the old ones."""
import torch
from torch import nn

torch.manual_seed(3)
x = torch.randn(900, 6)
y = (x[:, 0] + x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(6, 24), nn.ReLU(), nn.Linear(24, 2))
opt = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)  # FAULT
for module in model:
    for name, parameter in list(module.named_parameters()):
        setattr(module, name, nn.Parameter(0.5 * parameter.detach()))
for step in range(250):
    i = torch.randint(900, (30,))
    loss = nn.functional.cross_entropy(model(x[i]), y[i])
    opt.zero_grad()
    loss.backward()
    opt.step()
print(loss.item())
