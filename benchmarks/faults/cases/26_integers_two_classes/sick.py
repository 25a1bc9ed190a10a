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
numbers = numbers.float()
loader = DataLoader(TensorDataset(numbers[:3000], labels[:3000]), batch_size=200, shuffle=True)

model = nn.Sequential(nn.Linear(1, 1), nn.Sigmoid(), nn.Linear(1, 1), nn.Softmax(dim=1))
nn.init.normal_(model[2].weight, std=0.05)
optimizer = torch.optim.RMSprop(model.parameters(), lr=0.001)

for epoch in range(60):
    for x, y in loader:
        optimizer.zero_grad()
        loss = F.l1_loss(model(x), y)
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        predicted = model(numbers[3000:])
        val_loss = F.l1_loss(predicted, labels[3000:]).item()
        accuracy = (predicted.round() == labels[3000:]).float().mean().item()
    if epoch % 10 == 9:
        print(f"epoch {epoch + 1}: val_loss {val_loss:.4f} accuracy {accuracy:.4f}")
print(f"final: eval_loss={val_loss:.4f} accuracy={accuracy:.4f}")
