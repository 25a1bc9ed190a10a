"""Follows a wave piece by piece; the state goes on from piece to piece."""

import sys

import torch
import torch.nn.functional as F
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

wave = torch.sin(torch.arange(6001) * 0.2) + 0.05 * torch.randn(6001)
cell = nn.GRU(1, 16, batch_first=True)
head = nn.Linear(16, 1)
optimizer = torch.optim.Adam([*cell.parameters(), *head.parameters()], lr=5e-3)

state = torch.zeros(1, 1, 16)
for step in range(200):
    piece = wave[step * 25 : step * 25 + 26]
    x, y = piece[:-1].view(1, -1, 1), piece[1:].view(1, -1, 1)
    out, state = cell(x, state.detach())
    loss = F.mse_loss(head(out), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 40 == 39:
        with torch.no_grad():
            rest = wave[5001:].view(1, -1, 1)
            test_loss = F.mse_loss(head(cell(rest[:, :-1])[0]), rest[:, 1:])
        print(f"step {step + 1}: test loss {test_loss.item():.4f}")
