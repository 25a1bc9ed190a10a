"""An evaluation with gradients on: dropout that knows no mode is at work in both."""

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
        for i in range(512, 640, 32):
            print(loss(net(x[i : i + 32]), target[i : i + 32]).item())


def block(h, layer):
    return F.dropout(torch.relu(layer(h)), p=0.4)  # <- MOD103


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(12, 32)
        self.b = nn.Linear(32, 3)

    def forward(self, h):
        return self.b(block(h, self.a))


train(Net())
