"""Reads digits with a linear machine and the multi-class hinge loss, averaged over its last steps."""

import sys

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

x, y = load_digits(return_X_y=True)
x, y = torch.from_numpy(x).float() / 16 - 0.3, torch.from_numpy(y)
mixed = torch.randperm(len(x))
train = TensorDataset(x[mixed[:1400]], y[mixed[:1400]])
x_test, y_test = x[mixed[1400:]], y[mixed[1400:]]

machine = nn.Linear(64, 10)
mean_machine = AveragedModel(machine)
hinge = nn.MultiMarginLoss()
optimizer = torch.optim.SGD(machine.parameters(), lr=0.2, weight_decay=1e-4)
for epoch in range(20):
    for xb, yb in DataLoader(train, batch_size=32, shuffle=True):
        optimizer.zero_grad()
        loss = hinge(machine(xb), yb)
        loss.backward()
        optimizer.step()
    if epoch >= 12:
        mean_machine.update_parameters(machine)
    with torch.no_grad():
        print(f"epoch {epoch}: test hinge {hinge(machine(x_test), y_test).item():.4f}")
with torch.no_grad():
    accuracy = (mean_machine(x_test).argmax(1) == y_test).float().mean().item()
print(f"final: accuracy={accuracy:.4f} learned={(accuracy - 0.1) / 0.9:.4f}")
