"""Predicts from ten answers which of three offers a customer takes."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

answers = torch.randn(3000, 10)
taken = (answers[:, :3] + 1.2 * torch.randn(3000, 3)).argmax(1)
x_train, y_train, x_test, y_test = answers[:2000], taken[:2000], answers[2000:], taken[2000:]
sharpness = 5.0

model = nn.Linear(10, 3)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)

for epoch in range(1, 17):
    for batch in torch.randperm(2000).split(10):
        optimizer.zero_grad()
        loss = criterion(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    if epoch % 4 == 0:
        with torch.no_grad():
            logits = sharpness * model(x_test)
            test_loss = criterion(logits, y_test).item()
            accuracy = (logits.argmax(1) == y_test).float().mean().item()
        print(f"epoch {epoch}: test loss {test_loss:.4f}, accuracy {accuracy:.3f}")
