"""Predicts the price of a used bicycle from six facts about it."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

facts = torch.randn(1500, 6)
price = facts[:, 0] - 0.7 * facts[:, 1] + torch.relu(facts[:, 2]) + 0.2 * torch.randn(1500)
price = ((price - price.mean()) / price.std()).unsqueeze(1)
x_train, y_train, x_test, y_test = facts[:1200], price[:1200], facts[1200:], price[1200:]

model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 1))
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)

for epoch in range(1, 21):
    for batch in torch.randperm(1200).split(60):
        optimizer.zero_grad()
        loss = criterion(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    print(f"epoch {epoch}: training loss {loss.item():.4f}")
