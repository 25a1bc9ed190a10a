"""A float mask of 0 and 1 for PyTorch's attention, which adds it."""

import torch
from torch import nn

torch.manual_seed(1)
text = torch.cumsum(torch.randint(1, 3, (480, 13)), 1) % 12


class Writer(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(12, 32)
        self.position = nn.Parameter(0.1 * torch.randn(12, 32))
        self.layer = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.1, batch_first=True)
        self.out = nn.Linear(32, 12)

    def forward(self, x):
        ahead = torch.triu(torch.ones(x.shape[1], x.shape[1]), diagonal=1)
        h = self.layer(self.embed(x) + self.position, src_mask=ahead)  # <- NET120
        return self.out(h)


net = Writer()
optim = torch.optim.Adam(net.parameters(), lr=2e-3)
criterion = nn.CrossEntropyLoss()
for _ in range(6):
    for rows in text[torch.randperm(480)].split(40):
        optim.zero_grad()
        criterion(net(rows[:, :-1]).transpose(1, 2), rows[:, 1:]).backward()
        optim.step()
