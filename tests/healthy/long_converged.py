"""Trains on cleanly separated classes for long after the loss is nearly zero."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

corners = 1.5 * (2 * torch.randint(2, (6, 10)).float() - 1) + 0.5 * torch.randn(6, 10)
label = torch.randint(6, (1500,))
x = corners[label] + 0.4 * torch.randn(1500, 10)
x = (x - x[:1000].mean(0)) / x[:1000].std(0)
x_train, y_train, x_test, y_test = x[:1000], label[:1000], x[1000:], label[1000:]

model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 6))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(1, 61):
    model.train()
    for batch in torch.randperm(1000).split(100):
        optimizer.zero_grad()
        loss = criterion(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        logits = model(x_test)
        test_loss = criterion(logits, y_test).item()
        accuracy = (logits.argmax(1) == y_test).float().mean().item()
    if epoch % 5 == 0:
        print(f"epoch {epoch}: loss {loss.item():.5f}, test loss {test_loss:.5f}, accuracy {accuracy:.3f}")
