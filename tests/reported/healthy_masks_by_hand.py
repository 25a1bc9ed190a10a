"""Masks of -inf, of -1e9 beside a product with 0, of whole rows, and a bias by distance."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
n = torch.randint(5, 16, (512,))
notes = 1 + torch.cumsum(torch.randint(1, 4, (512, 15)), 1) % 20
notes[torch.arange(15) >= n[:, None]] = 0


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens, self.places = nn.Embedding(21, 32), nn.Embedding(32, 32)
        self.mixes = nn.ModuleList(nn.Linear(32, 96) for _ in range(3))
        self.bias = nn.Embedding(40, 1)
        self.out = nn.Linear(32, 21)

    def forward(self, x):
        t = x.shape[1]
        h = self.tokens(x) + self.places(torch.arange(t))
        past = torch.ones(t, t).tril()
        there = (x != 0).float()
        distance = (torch.arange(t)[:, None] - torch.arange(t)).clamp(min=0)
        for number, mix in enumerate(self.mixes):
            q, k, v = mix(h).chunk(3, -1)
            scores = q @ k.transpose(1, 2) / 32**0.5
            if number == 0:
                both = past * there[:, None] * there[:, :, None]
                scores = scores.masked_fill(both == 0, -1e9)
            elif number == 1:
                scores = scores * past + (1 - past) * -1e9
            else:
                scores = scores + self.bias(distance).squeeze(-1) - 0.1 * distance
                scores = torch.where(past > 0, scores, -torch.inf)
            h = h + scores.softmax(-1) @ v
        return self.out(h)


model = Model()
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
for _ in range(8):
    for rows in notes[torch.randperm(512)].split(32):
        logits = model(rows[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten(), ignore_index=0)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
