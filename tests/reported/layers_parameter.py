"""A weight is made anew at every call, without a layer."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(640, 12)
y = (x[:, :3].sum(1) > 0).long() + (x[:, 3] > 0.5).long()


def train(net, loss=F.cross_entropy, epochs=10, target=y):
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    for _ in range(epochs):
        net.train()
        for i in range(0, 512, 32):
            optimizer.zero_grad()
            loss(net(x[i : i + 32]), target[i : i + 32]).backward()
            optimizer.step()
        net.eval()
        with torch.no_grad():
            print(loss(net(x[512:]), target[512:]).item())


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(12, 32)
        self.b = nn.Linear(32, 3)

    def forward(self, h):
        gain = nn.Parameter(torch.randn(32))
        return self.b(torch.relu(self.a(h)) * gain)  # <- NET108


train(Net())
