"""The network that was filled is built a second time before training."""
import os
import tempfile

import torch
from torch import nn

torch.manual_seed(7)
file = os.path.join(tempfile.mkdtemp(), "net.pt")
x = torch.randn(1300, 5)
y = (x[:, 0] > x[:, 1] * x[:, 2]).long()


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(5, 48), nn.ReLU(), nn.Linear(48, 2))

    def forward(self, x):
        return self.layers(x)


def epoch(net, opt):
    for i in torch.randperm(1000).split(50):
        loss = nn.functional.cross_entropy(net(x[i]), y[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        print(nn.functional.cross_entropy(net(x[1000:]), y[1000:]).item())


first = Classifier()
opt = torch.optim.Adam(first.parameters(), 5e-3)
for _ in range(5):
    epoch(first, opt)
torch.save(first.state_dict(), file)
del first, opt

model = Classifier()
model.load_state_dict(torch.load(file))  # FAULT
model = Classifier()
opt = torch.optim.Adam(model.parameters(), 5e-3)
for _ in range(5):
    epoch(model, opt)
