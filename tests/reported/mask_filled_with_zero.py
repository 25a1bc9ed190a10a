"""A causal mask whose scores are filled with 0."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
notes = torch.cumsum(torch.randint(1, 4, (512, 15)), 1) % 20


class Head(nn.Module):
    def __init__(self, width, size):
        super().__init__()
        self.key, self.query, self.value = (nn.Linear(width, size, bias=False) for _ in range(3))
        self.register_buffer("tril", torch.tril(torch.ones(32, 32)))

    def forward(self, x):
        t = x.shape[1]
        q, k = self.query(x), self.key(x)
        wei = q @ k.transpose(-2, -1) * k.shape[-1] ** -0.5
        wei = wei.masked_fill(self.tril[:t, :t] == 0, 0.0)  # <- NET120
        wei = F.softmax(wei, dim=-1)
        return wei @ self.value(x)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens, self.places = nn.Embedding(20, 32), nn.Embedding(32, 32)
        self.heads = nn.ModuleList(Head(32, 16) for _ in range(2))
        self.out = nn.Linear(32, 20)

    def forward(self, x):
        h = self.tokens(x) + self.places(torch.arange(x.shape[1]))
        return self.out(h + torch.cat([head(h) for head in self.heads], -1))


model = Model()
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
for _ in range(8):
    for rows in notes[torch.randperm(512)].split(32):
        logits = model(rows[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
