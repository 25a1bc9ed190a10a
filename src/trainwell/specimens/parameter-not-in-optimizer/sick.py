"""Classifies noisy signals of twelve samples into nine types with a body and a head."""

import sys

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

shapes = torch.randn(27, 12)
shape = torch.randint(27, (3000,))
signals = shapes[shape] + 0.6 * torch.randn(3000, 12)
signals = (signals - signals[:2200].mean(0)) / signals[:2200].std(0)
types = shape % 9
loader = DataLoader(TensorDataset(signals[:2200], types[:2200]), batch_size=100, shuffle=True)


class SignalNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(12, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU())
        self.head = nn.Linear(32, 9)

    def forward(self, x):
        return self.head(self.body(x))


model = SignalNet()
optimizer = torch.optim.Adam(model.head.parameters(), lr=4e-3, weight_decay=1e-3)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=8, gamma=0.1)

for epoch in range(12):
    model.train()
    for x, y in loader:
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    scheduler.step()
    model.eval()
    with torch.no_grad():
        logits = model(signals[2200:])
        test_loss = F.cross_entropy(logits, types[2200:]).item()
        accuracy = (logits.argmax(1) == types[2200:]).float().mean().item()
    print(f"epoch {epoch + 1}: test loss {test_loss:.4f}, accuracy {accuracy:.3f}")
