"""Puts a new head on a body with batch norm whose statistics were kept from an earlier training."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

kind = torch.randint(4, (1200,))
centres = torch.randn(4, 16)
leaves = centres[kind] + torch.randn(1200, 16)
x_train, y_train, x_val, y_val = leaves[:900], kind[:900], leaves[900:], kind[900:]

norm = nn.BatchNorm1d(16)
before = x_train
norm.running_mean, norm.running_var = before.mean(0), before.var(0)
body = nn.Sequential(norm, nn.Linear(16, 48), nn.Tanh()).eval()
model = nn.Sequential(body, nn.Linear(48, 4))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam([*body[1].parameters(), *model[1].parameters()], lr=2e-3)

for epoch in range(1, 13):
    for batch in torch.randperm(900).split(45):
        optimizer.zero_grad()
        loss = criterion(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        logits = model(x_val)
        val_loss = criterion(logits, y_val).item()
        accuracy = (logits.argmax(1) == y_val).float().mean().item()
    print(f"epoch {epoch}: validation loss {val_loss:.4f}, accuracy {accuracy:.3f}")
