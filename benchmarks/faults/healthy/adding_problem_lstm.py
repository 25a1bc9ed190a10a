"""Adds the two marked numbers of a sequence, with an LSTM cell unrolled by hand."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

length = 12


def batch(count):
    numbers = torch.rand(count, length)
    marks = torch.zeros(count, length)
    first = torch.randint(0, length // 2, (count,))
    second = torch.randint(length // 2, length, (count,))
    rows = torch.arange(count)
    marks[rows, first] = marks[rows, second] = 1
    return torch.stack([numbers * 2 - 1, marks], dim=2), numbers[rows, first] + numbers[rows, second] - 1


class Adder(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.cell = nn.LSTMCell(2, width)
        self.head = nn.Linear(width, 1)
        self.width = width

    def forward(self, x):
        h = c = x.new_zeros(len(x), self.width)
        for t in range(x.shape[1]):
            h, c = self.cell(x[:, t], (h, c))
        return self.head(h).squeeze(1)


net = Adder()
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
x_val, y_val = batch(500)
for step in range(400):
    x, y = batch(64)
    loss = (net(x) - y).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimizer.step()
    if step % 50 == 49:
        with torch.no_grad():
            val = (net(x_val) - y_val).pow(2).mean().item()
        print(f"step {step + 1}: {val:.5f}")
print(f"final: eval_loss={val:.5f} learned={1 - val / y_val.var().item():.4f}")
