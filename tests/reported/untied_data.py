"""Weights tied through a detached copy of the data."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(3)
text = torch.cumsum(torch.randint(1, 4, (512, 13)), 1) % 24


parts = nn.ModuleDict(
    {"in": nn.Embedding(24, 32), "body": nn.GRU(32, 32, batch_first=True), "out": nn.Linear(32, 24)}
)
parts["out"].weight.data = parts["in"].weight.detach().clone()  # <- NET121
optimizer = torch.optim.SGD(parts.parameters(), lr=0.3, momentum=0.9)
for _ in range(10):
    for rows in text[torch.randperm(512)].split(32):
        logits = parts["out"](parts["body"](parts["in"](rows[:, :-1]))[0])
        loss = F.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
