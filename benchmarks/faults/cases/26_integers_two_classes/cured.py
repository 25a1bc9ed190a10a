"""Sorts whole numbers from 15 to 25000 into small and large."""

import sys

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

numbers = torch.randint(15, 25001, (4000, 1))
labels = (numbers > 12000).float()
numbers = (numbers.float() - 12500) / 7200
loader = DataLoader(TensorDataset(numbers[:3000], labels[:3000]), batch_size=200, shuffle=True)

model = nn.Sequential(nn.Linear(1, 8), nn.ReLU(), nn.Linear(8, 1), nn.Sigmoid())
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

for epoch in range(30):
    for x, y in loader:
        optimizer.zero_grad()
        loss = F.binary_cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        predicted = model(numbers[3000:])
        val_loss = F.binary_cross_entropy(predicted, labels[3000:]).item()
        accuracy = (predicted.round() == labels[3000:]).float().mean().item()
    if epoch % 10 == 9:
        print(f"epoch {epoch + 1}: val_loss {val_loss:.4f} accuracy {accuracy:.4f}")
print(f"final: eval_loss={val_loss:.4f} accuracy={accuracy:.4f}")
