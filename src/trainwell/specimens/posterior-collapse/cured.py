"""Learns a small code for curves of forty points."""

import sys

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

times = torch.linspace(0, 6.28, 40)
kind = torch.randint(1, 4, (1200, 1))
curves = 0.5 + 0.4 * torch.sin(kind * times + 6.28 * torch.rand(1200, 1))
train_loader = DataLoader(TensorDataset(curves[:1000]), batch_size=50, shuffle=True)
test = curves[1000:]


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(40, 64)
        self.mean = nn.Linear(64, 6)
        self.log_variance = nn.Linear(64, 6)
        self.decoder = nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 40))

    def forward(self, x):
        h = F.relu(self.encoder(x))
        mean, log_variance = self.mean(h), self.log_variance(h)
        code = mean + torch.randn_like(mean) * torch.exp(0.5 * log_variance)
        return self.decoder(code), mean, log_variance


def loss_of(model, x):
    rebuilt, mean, log_variance = model(x)
    rebuilding = F.mse_loss(rebuilt, x, reduction="sum") / (0.05 * len(x))
    divergence = -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum(1).mean()
    return rebuilding + divergence


model = Autoencoder()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(12):
    for (x,) in train_loader:
        optimizer.zero_grad()
        loss = loss_of(model, x)
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        print(f"epoch {epoch + 1}: test loss {loss_of(model, test).item():.4f}")
