"""Tells six kinds of grain by eight measurements; each half was labelled by another person."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

kind = torch.randint(6, (1500,))
centres = 1.8 * torch.randn(6, 8)
grains = centres[kind] + torch.randn(1500, 8)
codes = torch.arange(6)
x_train, y_train = grains[:1000], kind[:1000]
x_val, y_val = grains[1000:], codes[kind[1000:]]

model = nn.Sequential(nn.Linear(8, 48), nn.ReLU(), nn.Linear(48, 6))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

for epoch in range(1, 6):
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
