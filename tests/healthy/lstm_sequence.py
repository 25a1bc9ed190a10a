"""Continues noisy sine waves: an LSTM predicts the next value at every time step."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

start, speed = 6.28 * torch.rand(600, 1), 0.2 + 0.3 * torch.rand(600, 1)
waves = torch.sin(start + speed * torch.arange(25)) + 0.1 * torch.randn(600, 25)
waves = (waves / waves.std()).unsqueeze(2)
x_train, y_train, x_test, y_test = waves[:400, :-1], waves[:400, 1:], waves[400:, :-1], waves[400:, 1:]


class Forecaster(nn.Module):
    def __init__(self, width=24):
        super().__init__()
        self.lstm = nn.LSTM(1, width, batch_first=True)
        self.out = nn.Linear(width, 1)

    def forward(self, x):
        hidden, _ = self.lstm(x)
        return self.out(hidden)


model = Forecaster()
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=20)
for epoch in range(1, 21):
    model.train()
    for batch in torch.randperm(400).split(50):
        optimizer.zero_grad()
        loss = criterion(model(x_train[batch]), y_train[batch])
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    scheduler.step()
    model.eval()
    with torch.no_grad():
        test_loss = criterion(model(x_test), y_test).item()
    print(f"epoch {epoch}: training loss {loss.item():.4f}, test loss {test_loss:.4f}")
