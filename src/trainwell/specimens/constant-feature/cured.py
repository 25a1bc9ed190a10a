"""Predicts the strength of concrete from seven measurements of its mix."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

mix = torch.randn(1600, 7)
strength = mix[:, 0] * 2 - mix[:, 1] + torch.tanh(mix[:, 2] * mix[:, 4]) + 0.2 * torch.randn(1600)
strength = ((strength - strength.mean()) / strength.std()).unsqueeze(1)
mix[:, 5] = 0.5 * torch.randn(1600)
x_train, y_train, x_test, y_test = mix[:1200], strength[:1200], mix[1200:], strength[1200:]

model = nn.Sequential(nn.Linear(7, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 1))
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=25)

for epoch in range(1, 26):
    for batch in torch.randperm(1200).split(60):
        optimizer.zero_grad()
        loss = criterion(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    scheduler.step()
    with torch.no_grad():
        test_loss = criterion(model(x_test), y_test).item()
    print(f"epoch {epoch}: training loss {loss.item():.4f}, test loss {test_loss:.4f}")
