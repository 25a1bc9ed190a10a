"""Has modules whose parameters() return a list and a tuple, and are counted."""
# steps: 40

import hashlib

import torch
import torch.nn.functional as F
from torch import nn

class Listed:
    def __init__(self):
        self.weight = torch.zeros(8, 16, requires_grad=True)

    def parameters(self):
        return [self.weight]

class Net(nn.Module):
    asked = 0

    def __init__(self):
        super().__init__()
        self.first = Listed()
        self.weight = torch.randn(16, 2).requires_grad_()

    def parameters(self, recurse=True):
        Net.asked += 1
        return (self.weight, *self.first.parameters())

    def forward(self, value):
        return torch.sigmoid(value @ self.first.weight) @ self.weight

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
for step in range(40):
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(repr(loss.item()), Net.asked)

digest = hashlib.sha256()
for tensor in model.parameters():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
