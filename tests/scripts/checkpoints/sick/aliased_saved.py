"""The best weights are written at the end, when they are the last ones."""
import io

import torch
from torch import nn

torch.manual_seed(10)
x = torch.randn(900, 8)
y = x[:, :4].argmax(1)
net = nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 4))
opt = torch.optim.Adam(net.parameters(), 1e-2)
checkpoint = {}
for epoch in range(10):
    for i in torch.randperm(600).split(30):
        loss = nn.functional.cross_entropy(net(x[i]), y[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        right = (net(x[600:]).argmax(1) == y[600:]).float().mean().item()
    if right > checkpoint.get("accuracy", 0) and epoch < 7:
        checkpoint = {"accuracy": right, "epoch": epoch, "model": net.state_dict()}  # FAULT
torch.save(checkpoint, io.BytesIO())
print(checkpoint["accuracy"])
