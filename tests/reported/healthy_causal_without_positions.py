"""A causal mask tells positions by itself; and sinusoids that are added as data."""

import math

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
tokens = torch.cumsum(torch.randint(1, 3, (400, 16)), 1) % 18
places = torch.zeros(15, 32)
rate = torch.exp(-math.log(1e4) * torch.arange(0, 32, 2) / 32)
places[:, ::2] = torch.sin(torch.arange(15)[:, None] * rate)
places[:, 1::2] = torch.cos(torch.arange(15)[:, None] * rate)


class Generator(nn.Module):
    def __init__(self, causal):
        super().__init__()
        self.causal = causal
        self.words = nn.Embedding(18, 32)
        layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
        self.body = nn.TransformerEncoder(layer, 1)
        self.out = nn.Linear(32, 18)

    def forward(self, x):
        h = self.words(x) * math.sqrt(32)
        if not self.causal:
            return self.out(self.body(h + places))
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
        return self.out(self.body(h, mask=mask, is_causal=True))


for causal in (True, False):
    model = Generator(causal)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for _ in range(5):
        for rows in tokens[torch.randperm(400)].split(40):
            wanted = rows[:, 1:] if causal else rows[:, :-1].flip(1)
            optimizer.zero_grad()
            F.cross_entropy(model(rows[:, :-1]).flatten(0, 1), wanted.flatten()).backward()
            optimizer.step()
