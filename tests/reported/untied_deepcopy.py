"""An output by F.linear whose weight is a deep copy."""

import copy

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(2)
text = torch.cumsum(torch.randint(1, 4, (512, 13)), 1) % 24


class Chain(nn.Module):
    def __init__(self):
        super().__init__()
        self.vectors = nn.Embedding(24, 40)
        self.mix = nn.Sequential(nn.Linear(40, 64), nn.ReLU(), nn.Linear(64, 40), nn.Tanh())
        self.output = copy.deepcopy(self.vectors.weight)  # <- NET121

    def forward(self, x):
        return F.linear(self.mix(self.vectors(x)), self.output)


chain = Chain()
optimizer = torch.optim.Adam(chain.parameters(), lr=2e-3)
for _ in range(8):
    for rows in text[torch.randperm(512)].split(64):
        optimizer.zero_grad()
        answers = F.log_softmax(chain(rows[:, :-1]), -1)
        F.nll_loss(answers.flatten(0, 1), rows[:, 1:].flatten()).backward()
        optimizer.step()
