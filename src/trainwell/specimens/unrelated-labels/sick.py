"""Sorts bottles into five kinds by twelve measurements; the labels come from a second list."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

kind = torch.randint(5, (1400,))
centres = 1.3 * torch.randn(5, 12)
bottles = centres[kind] + torch.randn(1400, 12)
order = torch.randperm(1400)
bottles = bottles[order]
x_train, y_train, x_val, y_val = bottles[:1000], kind[:1000], bottles[1000:], kind[1000:]

model = nn.Sequential(nn.Linear(12, 64), nn.ReLU(), nn.Linear(64, 5))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)

for epoch in range(1, 21):
    for batch in torch.randperm(1000).split(50):
        optimizer.zero_grad()
        loss = criterion(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        logits = model(x_val)
        val_loss = criterion(logits, y_val).item()
        accuracy = (logits.argmax(1) == y_val).float().mean().item()
    print(f"epoch {epoch}: validation loss {val_loss:.4f}, accuracy {accuracy:.3f}")
