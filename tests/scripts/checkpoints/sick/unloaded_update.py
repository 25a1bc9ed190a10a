"""The usual filter by name: nothing is left, and the network gets its own weights back."""
import os
import tempfile

import torch
from torch import nn

torch.manual_seed(1)
path = os.path.join(tempfile.mkdtemp(), "encoder.pth")
x = torch.randn(1500, 10)
y = (x[:, :3].sum(1) > x[:, 3:6].sum(1)).long()


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(10, 24)
        self.second = nn.Linear(24, 12)

    def forward(self, x):
        return torch.tanh(self.second(torch.relu(self.first(x))))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = Encoder()
        self.head = nn.Linear(12, 2)

    def forward(self, x):
        return self.head(self.encoder(x))


def train(model, steps):
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    for _ in range(steps):
        rows = torch.randint(1200, (40,))
        loss = nn.CrossEntropyLoss()(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        print((model(x[1200:]).argmax(1) == y[1200:]).float().mean().item())


first = Net()
train(first, 150)
torch.save({"epoch": 3, "state_dict": first.encoder.state_dict()}, path)

model = Net()
own = model.state_dict()
pretrained = torch.load(path)["state_dict"]
pretrained = {name: value for name, value in pretrained.items() if name in own}
own.update(pretrained)
model.load_state_dict(own)  # FAULT
train(model, 150)
