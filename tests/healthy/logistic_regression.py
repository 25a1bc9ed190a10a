"""Fits a logistic regression, a single linear layer that starts at zero, to the breast cancer data."""

import sys

import torch
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

x, y = load_breast_cancer(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.3, random_state=seed, stratify=y)
scaler = StandardScaler().fit(x_train)
x_train = torch.tensor(scaler.transform(x_train), dtype=torch.float32)
x_test = torch.tensor(scaler.transform(x_test), dtype=torch.float32)
y_train = torch.tensor(y_train, dtype=torch.float32)
y_test = torch.tensor(y_test, dtype=torch.float32)

model = nn.Linear(30, 1)
nn.init.zeros_(model.weight)
nn.init.zeros_(model.bias)
loss_fn = nn.BCEWithLogitsLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=0.02)

for step in range(1, 301):
    optimizer.zero_grad()
    loss = loss_fn(model(x_train).squeeze(1), y_train)
    loss.backward()
    optimizer.step()
    if step % 30 == 0:
        with torch.no_grad():
            logits = model(x_test).squeeze(1)
            accuracy = ((logits > 0) == (y_test > 0.5)).float().mean().item()
            print(f"step {step}: loss {loss.item():.4f}, test loss {loss_fn(logits, y_test).item():.4f}, accuracy {accuracy:.3f}")
