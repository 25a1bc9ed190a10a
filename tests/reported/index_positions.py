"""A sequence that is longer than the table of positions."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(30, 8)
        self.places = nn.Embedding(10, 8)  # <- RES107
        self.out = nn.Linear(8, 3)

    def forward(self, tokens):
        places = torch.arange(tokens.shape[1])
        return self.out(self.words(tokens) + self.places(places)).mean(1)


model = Tagger()
optimizer = torch.optim.Adam(model.parameters())
for length in (8, 10, 12):
    tokens, labels = torch.randint(30, (16, length)), torch.randint(3, (16,))
    optimizer.zero_grad()
    F.cross_entropy(model(tokens), labels).backward()
    optimizer.step()
