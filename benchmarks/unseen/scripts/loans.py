"""Says which loans are paid back, from a table of eight numbers; batches are drawn by hand."""

import csv
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

folder, seed = sys.argv[1], int(sys.argv[2])
torch.manual_seed(seed)


def table(name):
    with open(f"{folder}/{name}.csv", newline="") as file:
        rows = np.array([[float(v) for v in row] for row in list(csv.reader(file))[1:]])
    return rows[:, :-1], rows[:, -1]


features, paid = table("train")
mean, spread = features.mean(0), features.std(0)
x = torch.tensor((features - mean) / spread, dtype=torch.float32)
y = torch.tensor(paid, dtype=torch.float32)
other, other_paid = table("test")
x_test = torch.tensor((other - mean) / spread, dtype=torch.float32)
y_test = torch.tensor(other_paid, dtype=torch.float32)


class Scorer(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(8, 32)
        self.score = nn.Linear(32, 1)

    def forward(self, rows):
        return self.score(torch.tanh(self.hidden(rows))).squeeze(1)


scorer = Scorer()
optimizer = torch.optim.AdamW(scorer.parameters(), lr=5e-3)
for epoch in range(25):
    for batch in torch.randperm(len(x)).split(50):
        loss = F.binary_cross_entropy_with_logits(scorer(x[batch]), y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        scores = scorer(x_test)
        test_loss = F.binary_cross_entropy_with_logits(scores, y_test)
        accuracy = ((scores > 0) == (y_test > 0.5)).float().mean()
    print(f"{epoch:2d} {loss.item():.3f} {test_loss.item():.3f} {accuracy.item():.3f}")
print(f"final: accuracy={accuracy.item():.4f}")
