"""The outputs take a detour through NumPy."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] > 0).long()

net = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
opt = torch.optim.Adam(net.parameters())


class T:
    def __init__(s):
        s.net = net

    def fit(s, xb, yb):
        out = s.net(xb)
        pred = out.detach().numpy()[:, 0]  # <- LOS113
        pred = torch.from_numpy(pred)
        pred.requires_grad_(True)
        loss = nn.functional.mse_loss(pred, yb.float())
        opt.zero_grad()
        loss.backward()
        opt.step()


t = T()
for _ in range(20):
    for i in range(0, 256, 32):
        t.fit(x[i : i + 32], y[i : i + 32])
