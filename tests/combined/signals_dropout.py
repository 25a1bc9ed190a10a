"""Sorts signals into six types with batch normalisation, dropout and the negative log likelihood.

faults: LOS106, MOD101, OPT103
"""

import sys

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

patterns = torch.randn(18, 14)
pattern = torch.randint(18, (2800,))
signals = patterns[pattern] + 0.7 * torch.randn(2800, 14)
signals = (signals - signals[:2000].mean(0)) / signals[:2000].std(0)
types = pattern % 6
train_loader = DataLoader(TensorDataset(signals[:2000], types[:2000]), batch_size=100, shuffle=True)
test_loader = DataLoader(TensorDataset(signals[2000:], types[2000:]), batch_size=200)


class SignalNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(14, 64)
        self.norm = nn.BatchNorm1d(64)
        self.drop = nn.Dropout(0.4)
        self.fc2 = nn.Linear(64, 6)

    def forward(self, x):
        x = self.drop(F.leaky_relu(self.norm(self.fc1(x))))
        return F.softmax(self.fc2(x), dim=1)


model = SignalNet()
criterion = nn.NLLLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(12):
    for x, y in train_loader:
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    test_loss = correct = 0.0
    with torch.no_grad():
        for x, y in test_loader:
            output = model(x)
            test_loss += criterion(output, y).item() / len(test_loader)
            correct += (output.argmax(1) == y).sum().item()
    print(f"epoch {epoch + 1}: test loss {test_loss:.4f}, accuracy {correct / 800:.3f}")
