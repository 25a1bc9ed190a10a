"""Predicts a share between 0 and 1 from five shares."""

import sys

import numpy as np
import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
np.random.seed(seed)

X = np.random.rand(1000, 5)
Y = np.clip(0.5 + 0.9 * (X[:, 0] - 0.5) + 0.8 * (X[:, 1] - 0.5) * (X[:, 2] - 0.5) - 0.3 * (X[:, 3] - 0.5), 0, 1)
X, Y = torch.tensor(X).float(), torch.tensor(Y).float().view(-1, 1)
train, test = slice(0, 800), slice(800, 1000)


class Share(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden1 = nn.Linear(5, 60)
        self.hidden2 = nn.Linear(60, 50)
        self.output = nn.Linear(50, 1)

    def forward(self, x):
        x = self.hidden1(x).relu()
        x = self.hidden2(x).relu()
        return self.output(x).sigmoid()


model = Share()
criterion = nn.BCELoss()
optimizer = torch.optim.Adam(model.parameters())
for epoch in range(5):
    order = torch.randperm(800)
    for i in range(0, 800, 4):
        batch = order[i : i + 4]
        loss = criterion(model(X[train][batch]), Y[train][batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        predicted = model(X[test])
        print(epoch, criterion(predicted, Y[test]).item())
error = (predicted - Y[test]).pow(2).mean() / Y[test].var()
print(f"final: eval_loss={criterion(predicted, Y[test]).item():.4f} r2={1 - error.item():.4f}")
