"""The echo task: say the symbol of one step ago."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)


class Echo(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(10, 16)
        self.rnn = nn.GRU(16, 32, batch_first=True)
        self.out = nn.Linear(32, 10)

    def forward(self, x):
        return self.out(self.rnn(self.embed(x))[0])


model = Echo()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
for _ in range(120):
    x = torch.randint(1, 10, (32, 15))
    y = F.pad(x[:, :-1], (1, 0))
    optimizer.zero_grad()
    F.cross_entropy(model(x).transpose(1, 2), y).backward()
    optimizer.step()
