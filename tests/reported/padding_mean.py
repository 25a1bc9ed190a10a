"""A mean over positions of which nine in ten are padding."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(5)
n = torch.randint(2, 9, (600,))
n[::20] = 64
ids = torch.randint(1, 40, (600, 64))
ids = ids.masked_fill(torch.arange(64) >= n[:, None], 0)
label = (ids[:, 0] < 20).long()


class Bag(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(40, 16)
        self.layer = nn.Linear(16, 32)
        self.out = nn.Linear(32, 2)

    def forward(self, x):
        h = torch.tanh(self.layer(self.embedding(x)))
        pooled = h.mean(dim=1)  # <- NET116
        return self.out(pooled)


model = Bag()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(8):
    for part in torch.randperm(600).split(30):
        optimizer.zero_grad()
        F.cross_entropy(model(ids[part]), label[part]).backward()
        optimizer.step()
