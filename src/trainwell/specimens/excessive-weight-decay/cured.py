"""Sorts shells into four kinds by ten measurements."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

kind = torch.randint(4, (1200,))
centres = 1.3 * torch.randn(4, 10)
shells = centres[kind] + torch.randn(1200, 10)
x_train, y_train, x_val, y_val = shells[:900], kind[:900], shells[900:], kind[900:]

model = nn.Sequential(nn.Linear(10, 32), nn.Tanh(), nn.Linear(32, 4))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)

for epoch in range(1, 16):
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
