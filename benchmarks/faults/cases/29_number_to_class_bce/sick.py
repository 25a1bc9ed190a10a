"""Finds the class of a number, one of 20, by its place on a line."""

import sys

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

classes = 20
labels = torch.randint(classes, (5000,))
x = (labels + torch.rand(5000)).unsqueeze(1) / classes
y = F.one_hot(labels, classes).float()
train = DataLoader(TensorDataset(x[:4000], y[:4000]), batch_size=50, shuffle=True)
x_test, y_test = x[4000:], y[4000:]

model = nn.Sequential(
    nn.Linear(1, classes), nn.Sigmoid(),
    nn.Linear(classes, classes), nn.Sigmoid(),
    nn.Linear(classes, classes), nn.Sigmoid(),
)
for layer in model:
    if hasattr(layer, "weight"):
        nn.init.normal_(layer.weight, std=0.05)
        nn.init.zeros_(layer.bias)
criterion = nn.BCELoss()
optimizer = torch.optim.Adam(model.parameters())

for epoch in range(1):
    for inputs, targets in train:
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        output = model(x_test)
        eval_loss = criterion(output, y_test).item()
        accuracy = (output.argmax(1) == y_test.argmax(1)).float().mean().item()
    print(f"epoch {epoch + 1}: loss {loss.item():.4f} val_loss {eval_loss:.4f} val_acc {accuracy:.4f}")
print(f"final: eval_loss={eval_loss:.4f} accuracy={accuracy:.4f}")
