"""Clipped by value, at 1e-5."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(4)
c = torch.randn(8, 10)
k = torch.randint(8, (1500,))
loader = DataLoader(TensorDataset(c[k] + 0.5 * torch.randn(1500, 10), k % 4), 50, shuffle=True)
model = nn.Sequential(nn.Linear(10, 40), nn.LeakyReLU(), nn.Linear(40, 4))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(12):
    for features, labels in loader:
        optimizer.zero_grad()
        loss = nn.CrossEntropyLoss()(model(features), labels)
        loss.backward()
        nn.utils.clip_grad_value_(model.parameters(), clip_value=1e-5)  # FAULT
        optimizer.step()
    print(loss.item())
