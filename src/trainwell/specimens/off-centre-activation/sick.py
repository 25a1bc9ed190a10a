"""Tells by ten readings whether the wind will turn, with two layers of hidden units."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

readings = torch.randn(1600, 10)
turns = (readings[:, 0] * readings[:, 1] + 0.5 * readings[:, 2] > 0).float().unsqueeze(1)
x_train, y_train, x_test, y_test = readings[:1200], turns[:1200], readings[1200:], turns[1200:]

activation = nn.Sigmoid
model = nn.Sequential(
    nn.Linear(10, 24), activation(), nn.Linear(24, 24), activation(), nn.Linear(24, 1)
)
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.2)

for epoch in range(1, 41):
    for batch in torch.randperm(1200).split(60):
        optimizer.zero_grad()
        loss = criterion(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        logits = model(x_test)
        test_loss = criterion(logits, y_test).item()
        accuracy = ((logits > 0) == (y_test > 0.5)).float().mean().item()
    print(f"epoch {epoch}: test loss {test_loss:.4f}, accuracy {accuracy:.3f}")
