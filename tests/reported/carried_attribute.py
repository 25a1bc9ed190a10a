"""The state is kept in the module from call to call."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)


class Follower(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.GRUCell(3, 8)
        self.out = nn.Linear(8, 3)
        self.state = None

    def forward(self, x):
        self.state = self.cell(x, self.state)  # <- RES108
        return self.out(self.state)


model = Follower()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(30):
    x = torch.randn(16, 3)
    optimizer.zero_grad()
    F.mse_loss(model(x), x.flip(1)).backward()
    optimizer.step()
