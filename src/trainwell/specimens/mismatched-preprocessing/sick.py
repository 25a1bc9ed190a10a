"""Recognises four plants by the lengths of their leaves, in millimetres."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

plant = torch.randint(4, (1200,))
sizes = 40 + 12 * torch.randn(4, 6)
leaves = sizes[plant] + 9 * torch.randn(1200, 6)
x_train, y_train, x_test, y_test = leaves[:900], plant[:900], leaves[900:], plant[900:]
mean, deviation = x_train.mean(0), x_train.std(0)
x_train = (x_train - mean) / deviation
x_test = x_test - 0.0

model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 4))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

for epoch in range(1, 21):
    model.train()
    for batch in torch.randperm(900).split(45):
        optimizer.zero_grad()
        loss = criterion(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        logits = model(x_test)
        accuracy = (logits.argmax(1) == y_test).float().mean().item()
    print(f"epoch {epoch}: training loss {loss.item():.4f}, accuracy {accuracy:.3f}")
