"""Squeezes eight signed numbers into three and back."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

n, bottleneck = 8, 3
codes = torch.randn(2000, bottleneck)
data = torch.tanh(codes @ torch.randn(bottleneck, n))
train, test = data[:1600], data[1600:]


class AutoEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(n, 2 * n), nn.Tanh(),
            nn.Linear(2 * n, 2 * n), nn.Tanh(),
            nn.Linear(2 * n, bottleneck), nn.Tanh(),
        )
        self.decoder = nn.Sequential(
            nn.Linear(bottleneck, 2 * n), nn.Tanh(),
            nn.Linear(2 * n, 2 * n), nn.Tanh(),
            nn.Linear(2 * n, n), nn.Tanh(),
        )

    def forward(self, x):
        return self.decoder(self.encoder(x))


model = AutoEncoder()
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(30):
    for batch in torch.randperm(1600).split(32):
        optimizer.zero_grad()
        loss = criterion(model(train[batch]), train[batch])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        test_loss = criterion(model(test), test).item()
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1}: {test_loss:.5f}")
print(f"final: eval_loss={test_loss:.5f} r2={1 - test_loss / test.var().item():.4f}")
