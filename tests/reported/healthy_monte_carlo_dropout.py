"""Monte Carlo dropout on purpose: its layers are put into training mode."""

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


net = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 3))
train(net)
net.eval()
net[2].train()
with torch.no_grad():
    draws = torch.stack([net(x[512:]).softmax(1) for _ in range(20)])
print(draws.std(0).mean().item())
