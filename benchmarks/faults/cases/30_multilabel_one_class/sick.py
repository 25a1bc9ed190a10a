"""Predicts a single label from four word counts with five hidden layers."""

import sys

import torch
from sklearn.datasets import make_multilabel_classification
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

counts, tags = make_multilabel_classification(n_samples=1000, n_features=4, n_classes=1, n_labels=1, random_state=seed)
X, Y = torch.tensor(counts, dtype=torch.float32), torch.tensor(tags, dtype=torch.float32)
X_train, Y_train, X_test, Y_test = X[:750], Y[:750], X[750:], Y[750:]

layers, width = [], 4
for units in (10, 20, 30, 40, 50):
    layers += [nn.Linear(width, units), nn.ReLU()]
    width = units
model = nn.Sequential(*layers, nn.Linear(width, 1), nn.Sigmoid())
criterion = nn.BCELoss()
optimizer = torch.optim.Adam(model.parameters())

for epoch in range(20):
    for batch in torch.randperm(750).split(10):
        optimizer.zero_grad()
        loss = criterion(model(X_train[batch]), Y_train[batch])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        output = model(X_test)
        val_loss = criterion(output, Y_test).item()
        accuracy = (output.round() == Y_test).float().mean().item()
    if epoch % 10 == 9:
        print(f"epoch {epoch + 1}: val_loss {val_loss:.4f} accuracy {accuracy:.4f}")
print(f"final: eval_loss={val_loss:.4f} accuracy={accuracy:.4f}")
