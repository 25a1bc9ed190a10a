"""Reads scikit-learn's handwritten digits, and keeps the losses for a plot."""

import sys

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

digits = load_digits()
x = torch.tensor(digits.data, dtype=torch.float32) / 16
y = torch.tensor(digits.target)
order = torch.randperm(len(y))
train, test = order[:1400], order[1400:]
train_loader = DataLoader(TensorDataset(x[train], y[train]), batch_size=50, shuffle=True)

model = nn.Sequential(nn.Linear(64, 32), nn.LeakyReLU(0.1), nn.Linear(32, 10))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.06, momentum=0.5, weight_decay=1e-3)
losses = []
for epoch in range(12):
    model.train()
    for batch, labels in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(batch), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        outputs = model(x[test])
        test_loss = criterion(outputs, y[test]).item()
        accuracy = (outputs.argmax(1) == y[test]).float().mean().item()
    print(f"epoch {epoch + 1}: test loss {test_loss:.4f}, accuracy {accuracy:.3f}")

print(f"{len(losses)} losses, from {losses[0]:.3f} to {losses[-1]:.3f}")
