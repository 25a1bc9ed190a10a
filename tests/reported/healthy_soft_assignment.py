"""Softmaxes over clusters, slots and experts, which are summed over something else on purpose."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
points = torch.randn(512, 16, 8)
label = (points[:, :, 0].amax(1) > points[:, :, 1].amax(1)).long()


class Clusters(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(8, 16)
        self.assign = nn.Linear(16, 6)
        self.slots = nn.Parameter(torch.randn(4, 16))
        self.key, self.value = nn.Linear(16, 16), nn.Linear(16, 16)
        self.gate = nn.Linear(16, 3)
        self.experts = nn.ModuleList(nn.Linear(16, 16) for _ in range(3))
        self.squeeze = nn.Linear(16, 16)
        self.out = nn.Linear(16 * 10 + 16, 2)

    def forward(self, x):
        h = self.embed(x).relu()
        pooled = F.softmax(self.assign(h), dim=-1).transpose(1, 2) @ h
        queries = self.slots + h.mean(1, keepdim=True)
        slots = F.softmax(queries @ self.key(h).transpose(1, 2) / 4, dim=1)
        slots = slots / slots.sum(-1, keepdim=True)
        slots = slots @ self.value(h)
        mean = h.mean(1)
        given = torch.stack([expert(mean) for expert in self.experts], 1)
        mixed = (F.softmax(self.gate(mean), dim=1).unsqueeze(-1) * given).sum(1)
        scaled = (h * F.softmax(self.squeeze(mean), -1)[:, None]).mean(1)
        parts = pooled.flatten(1), slots.flatten(1), mixed + scaled
        return self.out(torch.cat(parts, 1))


model = Clusters()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for _ in range(8):
    for rows in torch.randperm(512).split(32):
        optimizer.zero_grad()
        F.cross_entropy(model(points[rows]), label[rows]).backward()
        optimizer.step()
