"""Sorts twelve-channel sensor readings into eight kinds of events."""

import sys

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

patterns = torch.randn(24, 12)
pattern = torch.randint(24, (3000,))
readings = patterns[pattern] + 0.5 * torch.randn(3000, 12)
readings = (readings - readings.mean(0)) / readings.std(0)
train_set, test_set = random_split(TensorDataset(readings, pattern % 8), [2200, 800])


class EventNet(nn.Module):
    def __init__(self, channels, events):
        super().__init__()
        self.fc1 = nn.Linear(channels, 64)
        self.fc2 = nn.Linear(64, events)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        return F.log_softmax(self.fc2(x), dim=1)


model = EventNet(12, 8)
criterion = nn.NLLLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3, weight_decay=1e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=12)
train_loader = DataLoader(train_set, batch_size=100, shuffle=True)
test_loader = DataLoader(test_set, batch_size=400)

for epoch in range(12):
    model.train()
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    scheduler.step()
    model.eval()
    test_loss = correct = 0.0
    with torch.no_grad():
        for x, y in test_loader:
            output = model(x)
            test_loss += criterion(output, y).item() / len(test_loader)
            correct += (output.argmax(1) == y).sum().item()
    print(f"epoch {epoch + 1}: test loss {test_loss:.4f}, accuracy {correct / len(test_set):.3f}")
