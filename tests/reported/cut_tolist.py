"""The head makes a new tensor of its own outputs."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] > 0).long()


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(8, 16)
        self.b = nn.Linear(16, 2)

    def forward(self, x):
        h = torch.relu(self.a(x))
        return self.head(h)

    def head(self, h):
        out = self.b(h)
        return torch.tensor(out.tolist(), requires_grad=True)  # <- LOS113


net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.1)


def step(xb, yb):
    opt.zero_grad()
    loss = nn.functional.cross_entropy(net(xb), yb)
    loss.backward()
    opt.step()
    return loss.item()


for _ in range(20):
    for i in range(0, 256, 32):
        value = step(x[i : i + 32], y[i : i + 32])
print(value)
