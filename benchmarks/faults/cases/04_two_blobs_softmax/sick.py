"""Tells two groups of points in the plane apart."""

import sys

import numpy as np
import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
np.random.seed(seed)

first = np.random.uniform(0.2, 0.4, (100, 2))
second = np.random.uniform(0.5, 0.7, (100, 2))
data = torch.tensor(np.vstack([first, second]), dtype=torch.float32)
labels = torch.tensor([0] * 100 + [1] * 100)
order = torch.randperm(200)
x_train, y_train = data[order[:160]], labels[order[:160]]
x_test, y_test = data[order[160:]], labels[order[160:]]

model = nn.Sequential(nn.Linear(2, 2), nn.Sigmoid(), nn.Linear(2, 2))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
epochs = 5

for epoch in range(epochs):
    for batch in torch.randperm(160).split(32):
        loss = criterion(model(x_train[batch]), y_train[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        test = model(x_test)
        test_loss = criterion(test, y_test).item()
    print(f"Epoch {epoch + 1}/{epochs} loss: {loss.item():.4f} test loss: {test_loss:.4f}")
accuracy = (test.argmax(1) == y_test).float().mean().item()
print(f"final: eval_loss={test_loss:.4f} accuracy={accuracy:.4f}")
