"""Trains a deep perceptron, ten layers with batch normalisation, on two entangled spirals."""

import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

arm = torch.randint(2, (3000,))
turn = 0.5 + 5.5 * torch.rand(3000)
angle = turn + torch.pi * arm
points = torch.stack([turn * torch.cos(angle), turn * torch.sin(angle)], dim=1) + 0.15 * torch.randn(3000, 2)
points = (points - points[:2400].mean(0)) / points[:2400].std(0)
loader = DataLoader(TensorDataset(points[:2400], arm[:2400]), batch_size=120, shuffle=True)

layers = []
for fan_in in [2] + 9 * [48]:
    layers += [nn.Linear(fan_in, 48), nn.BatchNorm1d(48), nn.ReLU()]
model = nn.Sequential(*layers, nn.Linear(48, 2))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.05)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)

for epoch in range(10):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    scheduler.step()
    model.eval()
    with torch.no_grad():
        logits = model(points[2400:])
        test_loss = criterion(logits, arm[2400:]).item()
        accuracy = (logits.argmax(1) == arm[2400:]).float().mean().item()
    print(f"epoch {epoch + 1}: test loss {test_loss:.4f}, accuracy {accuracy:.3f}")
