"""Trains a detector of rare events with a focal loss and a classifier of events with label smoothing, on one trunk."""

import sys

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

signatures = torch.randn(5, 14)
kind = torch.randint(5, (3200,))
signals = signatures[kind] + 0.9 * torch.randn(3200, 14)
signals = (signals - signals[:2400].mean(0)) / signals[:2400].std(0)
alarm = (kind == 0).float()
loader = DataLoader(TensorDataset(signals[:2400], kind[:2400], alarm[:2400]), batch_size=120, shuffle=True)


class EventNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Linear(14, 48)
        self.kind = nn.Linear(48, 5)
        self.alarm = nn.Linear(48, 1)

    def forward(self, x):
        x = F.silu(self.trunk(x))
        return self.kind(x), self.alarm(x).squeeze(1)


def focal_loss(logits, target, gamma=2.0):
    cross_entropy = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return ((1 - torch.exp(-cross_entropy)) ** gamma * cross_entropy).mean()


model = EventNet()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3, weight_decay=1e-3)
for epoch in range(10):
    model.train()
    for x, kinds, alarms in loader:
        kind_logits, alarm_logits = model(x)
        loss = F.cross_entropy(kind_logits, kinds, label_smoothing=0.1) + focal_loss(alarm_logits, alarms)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        kind_logits, alarm_logits = model(signals[2400:])
        test_loss = F.cross_entropy(kind_logits, kind[2400:], label_smoothing=0.1) + focal_loss(alarm_logits, alarm[2400:])
        accuracy = (kind_logits.argmax(1) == kind[2400:]).float().mean()
    print(f"epoch {epoch + 1}: test loss {test_loss.item():.4f}, accuracy {accuracy.item():.3f}")
