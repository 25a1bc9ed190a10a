"""A decoder whose weight is a clone of the encoder's."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
text = torch.cumsum(torch.randint(1, 4, (512, 13)), 1) % 24


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Embedding(24, 32)
        self.rnn = nn.LSTM(32, 32, batch_first=True)
        self.decoder = nn.Linear(32, 24)
        self.decoder.weight = nn.Parameter(self.encoder.weight.clone())  # <- NET121

    def forward(self, x):
        return self.decoder(self.rnn(self.encoder(x))[0])


model = Model()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for _ in range(8):
    for rows in text[torch.randperm(512)].split(32):
        optimizer.zero_grad()
        F.cross_entropy(model(rows[:, :-1]).flatten(0, 1), rows[:, 1:].flatten()).backward()
        optimizer.step()
