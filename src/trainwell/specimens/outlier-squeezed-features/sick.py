"""Tells good from bad payers by five columns of their accounts, scaled to 0 to 1."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

accounts = torch.rand(2000, 5)
accounts[::400, 3] = 900.0
money = accounts[:, 3].clamp(max=1.0)
good = (accounts[:, 0] + 1.5 * money + 0.1 * torch.randn(2000) > 1.25).float().unsqueeze(1)
low, high = accounts.min(0).values, accounts.max(0).values
accounts = (accounts - low) / (high - low)
x_train, y_train, x_test, y_test = accounts[:1500], good[:1500], accounts[1500:], good[1500:]

model = nn.Sequential(nn.Linear(5, 32), nn.ReLU(), nn.Linear(32, 1))
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)

for epoch in range(1, 31):
    for batch in torch.randperm(1500).split(50):
        optimizer.zero_grad()
        loss = criterion(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        logits = model(x_test)
        test_loss = criterion(logits, y_test).item()
        accuracy = ((logits > 0) == (y_test > 0.5)).float().mean().item()
    print(f"epoch {epoch}: test loss {test_loss:.4f}, accuracy {accuracy:.3f}")
