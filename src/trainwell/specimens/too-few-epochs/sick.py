"""Recognises ten bird calls by sixteen bands of their sound."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

bird = torch.randint(10, (3000,))
centres = torch.randn(10, 16)
bands = centres[bird] + 0.8 * torch.randn(3000, 16)
x_train, y_train, x_test, y_test = bands[:2000], bird[:2000], bands[2000:], bird[2000:]

model = nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.03)

for epoch in range(1, 3):
    for batch in torch.randperm(2000).split(50):
        optimizer.zero_grad()
        loss = criterion(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        logits = model(x_test)
        test_loss = criterion(logits, y_test).item()
        accuracy = (logits.argmax(1) == y_test).float().mean().item()
    print(f"epoch {epoch}: test loss {test_loss:.4f}, accuracy {accuracy:.3f}")
