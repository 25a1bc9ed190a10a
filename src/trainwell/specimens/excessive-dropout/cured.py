"""Predicts from twelve answers which of four teams fits a person."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

answers = torch.randn(2400, 12)
team = (answers[:, :4] + 0.6 * answers[:, 4:8] * answers[:, 8:]).argmax(1)
x_train, y_train, x_test, y_test = answers[:1800], team[:1800], answers[1800:], team[1800:]

model = nn.Sequential(
    nn.Linear(12, 24),
    nn.ReLU(),
    nn.Dropout(0.05),
    nn.Linear(24, 24),
    nn.ReLU(),
    nn.Dropout(0.1),
    nn.Linear(24, 4),
)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

for epoch in range(1, 21):
    model.train()
    for batch in torch.randperm(1800).split(60):
        optimizer.zero_grad()
        loss = criterion(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        logits = model(x_test)
        test_loss = criterion(logits, y_test).item()
        accuracy = (logits.argmax(1) == y_test).float().mean().item()
    print(f"epoch {epoch}: training loss {loss.item():.4f}, test loss {test_loss:.4f}, accuracy {accuracy:.3f}")
