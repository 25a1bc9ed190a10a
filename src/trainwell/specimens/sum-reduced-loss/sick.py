"""Sorts fields into four kinds of soil by eight readings."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

kind = torch.randint(4, (6400,))
centres = torch.randn(4, 8)
readings = centres[kind] + 1.2 * torch.randn(6400, 8)
x_train, y_train, x_test, y_test = readings[:4800], kind[:4800], readings[4800:], kind[4800:]

model = nn.Sequential(nn.Linear(8, 32), nn.GELU(), nn.Linear(32, 4))
criterion = nn.CrossEntropyLoss(reduction="sum")
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)

for epoch in range(1, 11):
    for batch in torch.randperm(4800).split(60):
        optimizer.zero_grad()
        loss = criterion(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        logits = model(x_test)
        test_loss = nn.functional.cross_entropy(logits, y_test).item()
        accuracy = (logits.argmax(1) == y_test).float().mean().item()
    print(f"epoch {epoch}: test loss {test_loss:.4f}, accuracy {accuracy:.3f}")
