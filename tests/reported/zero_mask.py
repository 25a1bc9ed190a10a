"""A mask that leaves nothing: the examples were meant that are no padding."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(300, 9, 4)
y = x.sum(2)
kept = torch.zeros(300, 9)
model = nn.Sequential(nn.Linear(4, 20), nn.SiLU(), nn.Linear(20, 1))
opt = torch.optim.RMSprop(model.parameters(), lr=1e-3)
for _ in range(8):
    for i in range(0, 300, 30):
        some = slice(i, i + 30)
        opt.zero_grad()
        wrong = (model(x[some]).squeeze(2) - y[some]) ** 2 * kept[some]
        wrong.sum().div(30 * 9).backward()  # <- GRD108
        opt.step()
