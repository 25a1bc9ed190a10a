"""Positions by rotation of queries and keys, and by a bias of the scores."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
tokens = torch.randint(12, (600, 10))
backwards = tokens.flip(1)
angle = torch.arange(10)[:, None] * 0.5 ** torch.arange(4)
cos, sin = angle.cos().repeat(1, 2), angle.sin().repeat(1, 2)


def turn(x):
    return x * cos + torch.cat([-x[..., 4:], x[..., :4]], -1) * sin


class Block(nn.Module):
    def __init__(self, rotates):
        super().__init__()
        self.rotates = rotates
        self.mix, self.join = nn.Linear(32, 96), nn.Linear(32, 32)
        self.register_buffer("far", -0.3 * (torch.arange(10)[:, None] - torch.arange(10)).abs())

    def forward(self, x):
        q, k, v = self.mix(x).view(*x.shape[:2], 3, 4, 8).permute(2, 0, 3, 1, 4)
        if self.rotates:
            out = F.scaled_dot_product_attention(turn(q), turn(k), v)
        else:
            out = (q @ k.mT / 8**0.5 + self.far).softmax(-1) @ v
        return x + self.join(out.transpose(1, 2).flatten(2)).relu()


class Turn(nn.Module):
    def __init__(self, rotates):
        super().__init__()
        self.words = nn.Embedding(12, 32)
        self.blocks = nn.Sequential(Block(rotates), Block(rotates))
        self.out = nn.Linear(32, 12)

    def forward(self, x):
        return self.out(self.blocks(self.words(x)))


for rotates in (True, False):
    model = Turn(rotates)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(4):
        for rows in torch.randperm(600).split(40):
            loss = F.cross_entropy(model(tokens[rows]).flatten(0, 1), backwards[rows].flatten())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
