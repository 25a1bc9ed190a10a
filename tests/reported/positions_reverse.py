"""A transformer that is to write sequences backwards, and knows no positions."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
tokens = torch.randint(12, (600, 10))
backwards = tokens.flip(1)


class Turn(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(12, 32)
        layer = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.1, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.out = nn.Linear(32, 12)

    def forward(self, x):
        return self.out(self.encoder(self.embedding(x)))  # <- NET119


model = Turn()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for _ in range(6):
    for rows in torch.randperm(600).split(40):
        loss = F.cross_entropy(model(tokens[rows]).flatten(0, 1), backwards[rows].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
