"""Sorts messages of twenty measurements into four folders."""

import sys

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

centres = torch.randn(4, 20)
folder = torch.randint(4, (1600,))
messages = centres[folder] + 1.2 * torch.randn(1600, 20)
train_loader = DataLoader(
    TensorDataset(messages[:1200], folder[:1200]), batch_size=60, shuffle=True
)
test_loader = DataLoader(TensorDataset(messages[1200:], folder[1200:]), batch_size=100)


class Sorter(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(20, 32)
        self.fc2 = nn.Linear(32, 4)

    def forward(self, x):
        x = F.dropout(F.relu(self.fc1(x)), 0.3, self.training)
        return self.fc2(x)


model = Sorter()
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.1)

for epoch in range(8):
    model.train()
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        total = sum(F.cross_entropy(model(x), y, reduction="sum").item() for x, y in test_loader)
    print(f"epoch {epoch + 1}: test loss {total / len(test_loader.dataset):.4f}")
