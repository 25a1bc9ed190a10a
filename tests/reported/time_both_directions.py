"""A language model of an LSTM in both directions."""

import torch
from torch import nn

torch.manual_seed(3)
tunes = torch.cumsum(torch.randint(1, 4, (480, 15)), 1) % 16
model = nn.ModuleDict(
    {
        "notes": nn.Embedding(16, 16),
        "memory": nn.LSTM(16, 16, bidirectional=True, batch_first=True),
        "next": nn.Linear(32, 16),
    }
)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
for _ in range(6):
    for rows in tunes[torch.randperm(480)].split(32):
        states, _ = model["memory"](model["notes"](rows[:, :-1]))  # <- NET110
        loss = criterion(model["next"](states).transpose(1, 2), rows[:, 1:])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
