"""A window of attention whose outside is set to a small number, in a helper of its own."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(3)
series = torch.sin(torch.linspace(0, 300, 4000)) + 0.1 * torch.randn(4000)
windows = series.unfold(0, 25, 5)
inputs, wanted = windows[:, :-1, None], windows[:, 1:, None]
near = torch.ones(24, 24).tril().bool()


def attend(q, k, v):
    score = torch.matmul(q, k.mT) / k.size(-1) ** 0.5
    score = torch.where(near, score, torch.tensor(1e-9))  # <- NET120
    return torch.matmul(torch.softmax(score, -1), v)


class Ahead(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.Linear(1, 24)
        self.place = nn.Parameter(0.1 * torch.randn(24, 24))
        self.mix = nn.Linear(24, 72)
        self.down = nn.Linear(24, 1)

    def forward(self, x):
        h = self.up(x) + self.place
        return self.down(h + attend(*self.mix(h).chunk(3, -1)))


model = Ahead()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for _ in range(6):
    for rows in torch.randperm(len(inputs)).split(32):
        loss = F.l1_loss(model(inputs[rows]), wanted[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
