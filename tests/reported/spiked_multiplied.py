"""Scores that are multiplied by the root of their depth, in a decoder with a causal mask."""

import torch
from torch import nn

torch.manual_seed(2)
text = torch.randint(30, (512, 1)) + torch.randint(1, 4, (512, 1)) * torch.arange(16)
text %= 30


def attend(q, k, v, mask):
    e = torch.einsum("bhid,bhjd->bhij", q, k) * q.shape[-1] ** 0.5
    a = torch.softmax(e + mask, dim=-1)  # <- NET118
    return torch.einsum("bhij,bhjd->bhid", a, v)


class Decoder(nn.Module):
    def __init__(self, d=64, heads=2, layers=2):
        super().__init__()
        self.heads = heads
        self.emb, self.pos = nn.Embedding(30, d), nn.Embedding(15, d)
        self.qkv = nn.ModuleList(nn.Linear(d, 3 * d) for _ in range(layers))
        self.out = nn.Linear(d, 30)
        self.register_buffer("mask", torch.full((15, 15), -torch.inf).triu(1))

    def forward(self, x):
        h = self.emb(x) + self.pos.weight
        for layer in self.qkv:
            q, k, v = layer(h).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
            h = h + attend(q, k, v, self.mask).transpose(1, 2).flatten(2)
        return self.out(h)


model = Decoder()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for _ in range(4):
    for rows in text[torch.randperm(512)].split(32):
        optimizer.zero_grad()
        criterion(model(rows[:, :-1]).flatten(0, 1), rows[:, 1:].flatten()).backward()
        optimizer.step()
