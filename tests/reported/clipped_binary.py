"""A ReLU before a binary cross-entropy."""

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


net = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 1), nn.ReLU())  # <- LOS112
train(
    net,
    loss=lambda p, t: F.binary_cross_entropy_with_logits(p.squeeze(1), t),
    target=(y > 0).float(),
)
