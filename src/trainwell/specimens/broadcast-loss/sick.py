"""Predicts the yield of a chemical reaction from six standardised process settings."""

import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

settings = torch.randn(2500, 6)
yields = torch.sin(settings[:, 0]) + 0.5 * settings[:, 1] * settings[:, 2] + 0.4 * settings[:, 3]
yields = yields + 0.2 * torch.randn(2500)
yields = (yields - yields[:2000].mean()) / yields[:2000].std()
train = TensorDataset(settings[:2000], yields[:2000])
x_test, y_test = settings[2000:], yields[2000:]


def mean_squared_error(prediction, target):
    return ((prediction - target) ** 2).mean()


model = nn.Sequential(
    nn.Linear(6, 64), nn.LeakyReLU(), nn.Linear(64, 64), nn.LeakyReLU(), nn.Linear(64, 1)
)
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3, weight_decay=1e-3)

for epoch in range(18):
    model.train()
    for x, y in DataLoader(train, batch_size=100, shuffle=True):
        prediction = model(x)
        loss = mean_squared_error(prediction, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        prediction = model(x_test)
        test_loss = mean_squared_error(prediction, y_test).item()
    print(f"epoch {epoch + 1}: training loss {loss.item():.4f}, test loss {test_loss:.4f}")

error = (model(x_test).detach().flatten() - y_test).abs().mean().item()
print(
    f"mean absolute error {error:.3f} (a constant guess: {(y_test - y_test.mean()).abs().mean().item():.3f})"
)
