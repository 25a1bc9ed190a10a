"""Percent of right answers, with the evaluation loss computed as well."""
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(9)
w = torch.randn(8, 3)
x = torch.randn(2200, 8)
y = (torch.sin(x) @ w + x * x @ w.roll(1, 1)).argmax(1)
train = DataLoader(TensorDataset(x[:1800], y[:1800]), 60, shuffle=True)
valid = DataLoader(TensorDataset(x[1800:], y[1800:]), 100)
model = nn.Sequential(nn.Linear(8, 64), nn.Tanh(), nn.Linear(64, 3))
opt = torch.optim.Adam(model.parameters(), 1e-3)
sched = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, mode="min", factor=0.2, patience=0)  # FAULT


def validate():
    model.eval()
    right, loss = 0, 0.0
    with torch.no_grad():
        for features, labels in valid:
            scores = model(features)
            loss += F.cross_entropy(scores, labels, reduction="sum").item()
            right += (scores.argmax(-1) == labels).sum().item()
    model.train()
    return loss / 400, 100.0 * right / 400


for epoch in range(18):
    for features, labels in train:
        opt.zero_grad()
        F.cross_entropy(model(features), labels).backward()
        opt.step()
    loss, percent = validate()
    sched.step(percent)
    print(epoch, loss, percent)
