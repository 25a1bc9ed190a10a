"""Sorts ten-dimensional sensor readings into seven classes with a two-layer network."""

import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

states = torch.randn(21, 10)
state = torch.randint(21, (2800,))
readings = states[state] + 0.6 * torch.randn(2800, 10)
readings = (readings - readings[:2000].mean(0)) / readings[:2000].std(0)
labels = state % 7
train_loader = DataLoader(
    TensorDataset(readings[:2000], labels[:2000]), batch_size=100, shuffle=True
)

model = nn.Sequential(
    nn.Linear(10, 64), nn.LeakyReLU(0.1), nn.Linear(64, 64), nn.LeakyReLU(0.1), nn.Linear(64, 7)
)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.6, weight_decay=2e-3)

for epoch in range(14):
    model.train()
    total = 0.0
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item()
    model.eval()
    with torch.no_grad():
        logits = model(readings[2000:])
        test_loss = criterion(logits, labels[2000:]).item()
        accuracy = (logits.argmax(1) == labels[2000:]).float().mean().item()
    print(
        f"epoch {epoch + 1}: training loss {total / len(train_loader):.4f}, test loss {test_loss:.4f}, accuracy {accuracy:.3f}"
    )
