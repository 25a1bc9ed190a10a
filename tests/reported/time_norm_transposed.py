"""A layer norm of a recurrent language model that is applied to transposed states."""

import torch
from torch import nn

torch.manual_seed(1)
notes = torch.cumsum(torch.randint(1, 3, (480, 25)), 1) % 14


class Composer(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(14, 24)
        self.memory = nn.GRU(24, 24, batch_first=True)
        self.norm = nn.LayerNorm(24)
        self.tell = nn.Linear(24, 14)

    def forward(self, x):
        states = self.memory(self.table(x))[0]
        states = self.norm(states.transpose(1, 2))  # <- NET110
        return self.tell(states.transpose(1, 2)).transpose(1, 2)


net = Composer()
criterion = nn.CrossEntropyLoss()
opt = torch.optim.AdamW(net.parameters(), lr=5e-3)
for _ in range(6):
    for rows in notes[torch.randperm(480)].split(32):
        loss = criterion(net(rows[:, :-1]), rows[:, 1:])
        opt.zero_grad()
        loss.backward()
        opt.step()
