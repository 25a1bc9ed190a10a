"""A normalisation by hand along time, in a language model with a causal mask."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
text = torch.cumsum(torch.randint(1, 4, (512, 13)), 1) % 20


class Norm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.gain, self.bias = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))

    def forward(self, x):
        mean, std = x.mean(1, keepdim=True), x.std(1, keepdim=True)  # <- NET110
        return self.gain * (x - mean) / (std + 1e-5) + self.bias


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.places = nn.Embedding(20, 32), nn.Embedding(12, 32)
        self.norm = Norm(32)
        self.attention = nn.MultiheadAttention(32, 4, batch_first=True)
        self.out = nn.Linear(32, 20)
        self.register_buffer("mask", torch.ones(12, 12).triu(1).bool())

    def forward(self, x):
        h = self.words(x) + self.places(torch.arange(12))
        n = self.norm(h)
        return self.out(h + self.attention(n, n, n, attn_mask=self.mask, need_weights=False)[0])


model = Model()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for _ in range(8):
    for rows in text[torch.randperm(512)].split(32):
        optimizer.zero_grad()
        F.cross_entropy(model(rows[:, :-1]).flatten(0, 1), rows[:, 1:].flatten()).backward()
        optimizer.step()
