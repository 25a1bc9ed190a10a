"""Four layers were meant; the list holds one of them four times."""
import torch
from torch import nn

torch.manual_seed(4)


class Deep(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(8, 32)
        self.layers = nn.ModuleList([nn.Linear(32, 32)] * 4)  # FAULT
        self.out = nn.Linear(32, 2)

    def forward(self, x):
        x = torch.relu(self.embed(x))
        for layer in self.layers:
            x = torch.relu(layer(x)) + x
        return self.out(x)


x = torch.randn(1200, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
net = Deep()
opt = torch.optim.Adam(net.parameters(), 3e-3)
for epoch in range(12):
    for i in torch.randperm(1000).split(50):
        loss = nn.functional.cross_entropy(net(x[i]), y[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        print(nn.functional.cross_entropy(net(x[1000:]), y[1000:]).item())
