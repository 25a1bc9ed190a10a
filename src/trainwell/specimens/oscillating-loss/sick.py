"""Fits the pull of a magnet to six readings, the whole table at once."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

readings = torch.randn(400, 6)
pull = readings @ torch.tensor([1.0, -0.8, 0.6, 0.5, -0.4, 0.3]) + 0.1 * torch.randn(400)
pull = ((pull - pull.mean()) / pull.std()).unsqueeze(1)
x_train, y_train, x_test, y_test = readings[:300], pull[:300], readings[300:], pull[300:]

model = nn.Linear(6, 1)
criterion = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.999)

for step in range(1, 401):
    optimizer.zero_grad()
    loss = criterion(model(x_train), y_train)
    loss.backward()
    optimizer.step()
    if step % 20 == 0:
        with torch.no_grad():
            test_loss = criterion(model(x_test), y_test).item()
        print(f"step {step}: training loss {loss.item():.4f}, test loss {test_loss:.4f}")
