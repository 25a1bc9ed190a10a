"""An LSTM, time first, whose final state has run through the padding; no padding_idx."""

import torch
from torch import nn

torch.manual_seed(1)
PAD, N = 19, 512
lengths = torch.randint(3, 25, (N,))
text = torch.randint(0, 19, (24, N))
text[torch.arange(24)[:, None] >= lengths] = PAD
spam = (text[:3] < 9).sum(0).gt(1).float()


class Filter(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(20, 16)
        self.memory = nn.LSTM(16, 24, num_layers=2)
        self.score = nn.Linear(24, 1)

    def forward(self, t):
        _, (final, _) = self.memory(self.table(t))
        return self.score(final[-1]).squeeze(1)  # <- NET116


net = Filter()
criterion = nn.BCEWithLogitsLoss()
opt = torch.optim.AdamW(net.parameters(), lr=5e-3)
for _ in range(8):
    for part in torch.randperm(N).split(32):
        loss = criterion(net(text[:, part]), spam[part])
        opt.zero_grad()
        loss.backward()
        opt.step()
