"""Tied weights, by the parameter itself and by one memory; and free ones."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
text = torch.cumsum(torch.randint(1, 4, (512, 13)), 1) % 24


class Model(nn.Module):
    def __init__(self, way):
        super().__init__()
        self.encoder = nn.Embedding(24, 32)
        nn.init.normal_(self.encoder.weight, std=0.2)
        layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True, dropout=0.0)
        self.body = nn.TransformerEncoder(layer, 2)
        self.decoder = nn.Linear(32, 24, bias=False)
        self.register_buffer("mask", torch.full((12, 12), -torch.inf).triu(1))
        if way == "parameter":
            self.decoder.weight = self.encoder.weight
        elif way == "memory":
            self.decoder.weight.data = self.encoder.weight.data
        elif way == "zeros":
            nn.init.zeros_(self.decoder.weight)
            nn.init.zeros_(self.encoder.weight)

    def forward(self, x):
        return self.decoder(self.body(self.encoder(x), mask=self.mask))


for way in ("parameter", "memory", "free", "zeros"):
    model = Model(way)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(3):
        for rows in text[torch.randperm(512)].split(32):
            optimizer.zero_grad()
            logits = model(rows[:, :-1])
            F.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten()).backward()
            optimizer.step()
