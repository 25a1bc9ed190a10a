"""Fits the Friedman regression benchmark: five relevant and five irrelevant inputs, one noisy target."""

import sys

import torch
from sklearn.datasets import make_friedman1
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

features, targets = make_friedman1(n_samples=3000, noise=1.0, random_state=seed)
inputs = StandardScaler().fit(features[:2000]).transform(features)
targets = StandardScaler().fit(targets[:2000, None]).transform(targets[:, None])
inputs = torch.tensor(inputs, dtype=torch.float32)
targets = torch.tensor(targets, dtype=torch.float32)
loader = DataLoader(TensorDataset(inputs[:2000], targets[:2000]), batch_size=100, shuffle=True)

model = nn.Sequential(
    nn.Linear(10, 32),
    nn.ReLU(),
    nn.Linear(32, 32),
    nn.ReLU(),
    nn.Linear(32, 1),
    nn.Sigmoid(),
)
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3, weight_decay=1e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=12)

for epoch in range(12):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    scheduler.step()
    model.eval()
    with torch.no_grad():
        test_loss = criterion(model(inputs[2000:]), targets[2000:])
    print(f"epoch {epoch + 1}: last batch {loss.item():.4f}, test loss {test_loss.item():.4f}")
