"""Trains a network with batch normalisation and dropout to name one of six rock types."""

import sys

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

minerals = torch.randn(18, 15)
mineral = torch.randint(18, (3000,))
samples = minerals[mineral] + 0.7 * torch.randn(3000, 15)
samples = (samples - samples[:2000].mean(0)) / samples[:2000].std(0)
rocks = mineral % 6
train_loader = DataLoader(TensorDataset(samples[:2000], rocks[:2000]), batch_size=100, shuffle=True)
test_loader = DataLoader(TensorDataset(samples[2000:], rocks[2000:]), batch_size=100)


class RockNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(15, 64)
        self.norm = nn.BatchNorm1d(64)
        self.drop = nn.Dropout(0.3)
        self.fc2 = nn.Linear(64, 6)

    def forward(self, x):
        x = self.drop(F.relu(self.norm(self.fc1(x))))
        return self.fc2(x)


def evaluate(model):
    loss = correct = 0.0
    with torch.no_grad():
        for x, y in test_loader:
            model.eval()
            logits = model(x)
            model.train()
            loss += F.cross_entropy(logits, y, reduction="sum").item()
            correct += (logits.argmax(1) == y).sum().item()
    return loss / 1000, correct / 1000


model = RockNet()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3, weight_decay=1e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=12)
for epoch in range(12):
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    scheduler.step()
    test_loss, accuracy = evaluate(model)
    print(f"epoch {epoch + 1}: test loss {test_loss:.4f}, accuracy {accuracy:.3f}")
