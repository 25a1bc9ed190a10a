"""The weights were saved from a wrapper: every name begins with `module.`."""
import io

import torch
from torch import nn

torch.manual_seed(0)
c = torch.randn(12, 8)
k = torch.randint(12, (1600,))
x, y = c[k] + 0.5 * torch.randn(1600, 8), k % 4


class Wrapper(nn.Module):
    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, x):
        return self.module(x)


def make():
    return nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 4))


def fit(net, rows, epochs):
    opt = torch.optim.Adam(net.parameters(), 5e-3)
    for _ in range(epochs):
        for part in rows[torch.randperm(len(rows))].split(40):
            loss = nn.functional.cross_entropy(net(x[part]), y[part])
            opt.zero_grad()
            loss.backward()
            opt.step()
        with torch.no_grad():
            print((net(x[1400:]).argmax(1) == y[1400:]).float().mean().item())


big = Wrapper(make())
fit(big, torch.arange(1000), 5)
file = io.BytesIO()
torch.save(big.state_dict(), file)
file.seek(0)
net = make()
net.load_state_dict(torch.load(file), strict=False)  # FAULT
fit(net, torch.arange(1000, 1400), 5)
