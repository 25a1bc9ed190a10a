"""Two terms are summed, and their sum is taken for a score."""

import torch
from torch import nn

torch.manual_seed(0)


class TwoHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(8, 24), nn.ReLU())
        self.kind, self.size = nn.Linear(24, 4), nn.Linear(24, 1)

    def forward(self, x):
        h = self.body(x)
        return self.kind(h), self.size(h)


x = torch.randn(480, 8)
kinds, sizes = x[:, :4].argmax(1), x[:, 4:].sum(1, keepdim=True)
model = TwoHeads()
which, how = nn.CrossEntropyLoss(), nn.SmoothL1Loss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for _ in range(6):
    for rows in torch.randperm(480).split(24):
        kind, size = model(x[rows])
        score = which(kind, kinds[rows]) + how(size, sizes[rows])
        optimizer.zero_grad()
        (-score).backward()  # <- LOS116
        optimizer.step()
