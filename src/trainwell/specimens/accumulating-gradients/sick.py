"""Finds which of five production lines a part came from, given eleven measurements."""

import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

settings = torch.randn(15, 11)
setting = torch.randint(15, (2600,))
parts = settings[setting] + 0.7 * torch.randn(2600, 11)
parts = (parts - parts[:2000].mean(0)) / parts[:2000].std(0)
lines = setting % 5
loader = DataLoader(TensorDataset(parts[:2000], lines[:2000]), batch_size=80, shuffle=True)
test_parts, test_lines = parts[2000:], lines[2000:]

model = nn.Sequential(nn.Linear(11, 64), nn.LeakyReLU(), nn.Linear(64, 5))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3, weight_decay=2e-3)

for epoch in range(14):
    model.train()
    for x, y in loader:
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        scores = model(test_parts)
        test_loss = criterion(scores, test_lines)
        accuracy = (scores.argmax(1) == test_lines).float().mean()
    print(f"epoch {epoch + 1}: loss {loss:.4f}, test loss {test_loss:.4f}, accuracy {accuracy:.3f}")
