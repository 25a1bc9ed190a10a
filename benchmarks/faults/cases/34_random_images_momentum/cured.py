"""Sorts a hundred random images, whose tint tells their class."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

classes = torch.arange(100) % 4
tints = torch.tensor([[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0], [0.6, 0.6, 0.6]])
images = torch.rand(100, 3, 16, 16) + 0.3 * tints[classes].reshape(100, 3, 1, 1)
images = (images - 0.6) / 0.35

model = nn.Sequential(
    nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(),
    nn.Conv2d(32, 32, 3), nn.ReLU(),
    nn.MaxPool2d(2), nn.Dropout(0.25),
    nn.Flatten(),
    nn.Linear(32 * 7 * 7, 128), nn.ReLU(), nn.Dropout(0.5),
    nn.Linear(128, 4),
)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)

for epoch in range(25):
    model.train()
    for batch in torch.randperm(100).split(20):
        optimizer.zero_grad()
        loss = criterion(model(images[batch]), classes[batch])
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        scores = model(images)
        eval_loss = criterion(scores, classes).item()
        accuracy = (scores.argmax(1) == classes).float().mean().item()
    print(f"Epoch {epoch + 1}: loss {eval_loss:.4f} acc {accuracy:.4f}")
print(f"final: eval_loss={eval_loss:.4f} accuracy={accuracy:.4f}")
