"""Tells a vector of ones from a vector of zeros."""

import sys

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

x = torch.cat([torch.ones(2000, 128), torch.zeros(2000, 128)])
y = torch.cat([torch.ones(2000, 1), torch.zeros(2000, 1)])
order = torch.randperm(4000)
train = TensorDataset(x[order[:3200]], y[order[:3200]])
x_test, y_test = x[order[3200:]], y[order[3200:]]

model = nn.Sequential(
    nn.Linear(128, 50), nn.ReLU(), nn.ReLU(), nn.Dropout(0.2),
    nn.Linear(50, 50), nn.ReLU(), nn.Dropout(0.2),
    nn.Linear(50, 1), nn.Softmax(dim=1),
)
optimizer = torch.optim.RMSprop(model.parameters(), lr=0.001)

model.train()
for epoch in range(1):
    for inputs, targets in DataLoader(train, batch_size=16, shuffle=True):
        optimizer.zero_grad()
        loss = F.binary_cross_entropy(model(inputs), targets)
        loss.backward()
        optimizer.step()
    print(f"epoch {epoch + 1} loss {loss.item():.4f}")

model.eval()
with torch.no_grad():
    output = model(x_test)
    eval_loss = F.binary_cross_entropy(output, y_test).item()
    accuracy = ((output > 0.5).float() == y_test).float().mean().item()
print(f"final: eval_loss={eval_loss:.4f} accuracy={accuracy:.4f}")
