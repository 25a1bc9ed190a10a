"""A transformer with its padding masked, and a class token."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(4)
n = torch.randint(4, 20, (600,))
words = torch.randint(1, 25, (600, 20))
words[torch.arange(20) >= n[:, None]] = 0
topic = (words == 3).any(1).long() + (words == 7).any(1).long()


class Topics(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(25, 32, padding_idx=0)
        self.places = nn.Parameter(0.1 * torch.randn(21, 32))
        self.start = nn.Parameter(0.1 * torch.randn(1, 1, 32))
        layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True, dropout=0.0)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(32, 3)

    def forward(self, x):
        mask = F.pad(x == 0, (1, 0), value=False)
        h = torch.cat([self.start.expand(len(x), -1, -1), self.words(x)], 1) + self.places
        return self.head(self.encoder(h, src_key_padding_mask=mask)[:, 0])


model = Topics()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for _ in range(10):
    for part in torch.randperm(600).split(30):
        optimizer.zero_grad()
        F.cross_entropy(model(words[part]), topic[part]).backward()
        optimizer.step()
