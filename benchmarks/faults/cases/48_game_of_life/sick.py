"""Learns one step of the Game of Life on random boards."""

import sys

import torch
import torch.nn.functional as F
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

boards = (torch.rand(1000, 1, 12, 12) < 0.4).float()
neighbours = F.conv2d(boards, torch.tensor([[[[1.0, 1, 1], [1, 0, 1], [1, 1, 1]]]]), padding=1)
after = ((neighbours == 3) | ((neighbours == 2) & (boards == 1))).float()
x_train, y_train, x_val, y_val = boards[:800], after[:800], boards[800:], after[800:]


class Life(nn.Module):
    def __init__(self):
        super().__init__()
        self.look = nn.Conv2d(1, 10, 3, padding=1)
        self.think = nn.Conv2d(10, 20, 1)
        self.answer = nn.Conv2d(20, 1, 1)

    def forward(self, board):
        x = F.relu(self.look(board))
        x = F.relu(self.think(x))
        return torch.sigmoid(self.answer(x))


model = Life()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(5):
    for batch in torch.randperm(800).split(32):
        optimizer.zero_grad()
        loss = F.binary_cross_entropy(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        predicted = model(x_val)
        val_loss = F.binary_cross_entropy(predicted, y_val).item()
        accuracy = (predicted.round() == y_val).float().mean().item()
    print(f"epoch {epoch + 1}: val_loss {val_loss:.4f} val_acc {accuracy:.4f}")
print(f"final: eval_loss={val_loss:.4f} accuracy={accuracy:.4f}")
