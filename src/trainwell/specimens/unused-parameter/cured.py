"""Tells three kinds of measurements apart with an encoder and a small head."""

import sys

import torch
import torch.nn.functional as F
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

centres = 1.5 * torch.randn(9, 12)
kind = torch.randint(9, (2600,))
x = centres[kind] + torch.randn(2600, 12)
x = (x - x[:2000].mean(0)) / x[:2000].std(0)
y = kind % 3


class MeasurementNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(12, 48), nn.ReLU(), nn.Linear(48, 4), nn.GELU())
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        features = self.encoder(x)
        return self.head(features)


model = MeasurementNet()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3, weight_decay=1e-4)
for epoch in range(8):
    model.train()
    for batch in torch.randperm(2000).split(50):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x[batch]), y[batch])
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        logits = model(x[2000:])
        test_loss = F.cross_entropy(logits, y[2000:])
        accuracy = (logits.argmax(1) == y[2000:]).float().mean()
    print(f"epoch {epoch + 1}: test loss {test_loss:.4f}, accuracy {accuracy:.3f}")
