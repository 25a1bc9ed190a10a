"""Recognises six movements from inertial sensors: acceleration (g), rotation (degrees/s), magnetic field (gauss)."""

import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

units = torch.tensor([1.0, 1.0, 1.0, 300.0, 300.0, 300.0, 0.3, 0.3, 0.3])
postures = torch.randn(18, 9)
posture = torch.randint(18, (3000,))
readings = (postures[posture] + 0.4 * torch.randn(3000, 9)) * units
movement = posture % 6
x_train, x_test = readings[:2200], readings[2200:]
mean, std = x_train.mean(0), x_train.std(0)
x_train, x_test = (x_train - mean) / std, (x_test - mean) / std
train_loader = DataLoader(TensorDataset(x_train, movement[:2200]), batch_size=100, shuffle=True)

model = nn.Sequential(
    nn.Linear(9, 64), nn.LeakyReLU(0.1), nn.Linear(64, 64), nn.LeakyReLU(0.1), nn.Linear(64, 6)
)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3, weight_decay=1e-3)

for epoch in range(12):
    model.train()
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        logits = model(x_test)
        test_loss = criterion(logits, movement[2200:]).item()
        accuracy = (logits.argmax(1) == movement[2200:]).float().mean().item()
    print(f"epoch {epoch + 1}: test loss {test_loss:.4f}, accuracy {accuracy:.3f}")
