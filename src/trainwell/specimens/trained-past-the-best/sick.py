"""Predicts four kinds of weather on the coast, with readings from the coast and from the hills."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

weather = torch.randint(4, (3600,))
coast, hills = 0.9 * torch.randn(4, 12), 0.9 * torch.randn(4, 12)
readings = torch.cat([coast[weather[:2400]], hills[weather[2400:]]]) + torch.randn(3600, 12)
weather[2400:] = torch.where(torch.rand(1200) < 0.4, torch.randint(4, (1200,)), weather[2400:])
x_test, y_test = readings[1200:2400], weather[1200:2400]
first, second = torch.arange(1200), torch.arange(2400, 3600)

model = nn.Sequential(nn.Linear(12, 32), nn.Tanh(), nn.Linear(32, 4))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

for epoch in range(1, 25):
    rows = first if epoch <= 12 else second
    for batch in rows[torch.randperm(1200)].split(60):
        optimizer.zero_grad()
        loss = criterion(model(readings[batch]), weather[batch])  # trainwell: ignore[DAT113]
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        logits = model(x_test)
        test_loss = criterion(logits, y_test).item()
        accuracy = (logits.argmax(1) == y_test).float().mean().item()
    print(f"epoch {epoch}: test loss {test_loss:.4f}, accuracy {accuracy:.3f}")
