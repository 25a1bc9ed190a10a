"""Attention pooling whose softmax runs over the one score of each step."""

import torch
from torch import nn

torch.manual_seed(2)
x = torch.randn(512, 16, 4)
y = (x[:, :, 0].max(1).values > 1.7).float()


class Pool(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(4, 16, batch_first=True)
        self.score = nn.Sequential(nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1))
        self.out = nn.Linear(16, 1)

    def forward(self, x):
        states, _ = self.rnn(x)
        weights = torch.softmax(self.score(states), dim=-1)  # <- NET117
        return self.out((weights * states).sum(dim=1)).squeeze(-1)


model = Pool()
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for _ in range(8):
    for rows in torch.randperm(512).split(32):
        optimizer.zero_grad()
        criterion(model(x[rows]), y[rows]).backward()
        optimizer.step()
