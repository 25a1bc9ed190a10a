"""Predicts who survived a shipwreck from ten label-encoded columns."""

import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
rng = np.random.default_rng(seed)

n = 891
passenger_id, name, ticket = np.arange(1, n + 1), rng.permutation(n), rng.integers(0, 681, n)
pclass = rng.choice([1, 2, 3], n, p=[0.24, 0.21, 0.55])
sex, age = rng.choice(2, n, p=[0.35, 0.65]), rng.normal(30, 14, n).clip(0.5, 80)
sibsp, parch = rng.poisson(0.5, n), rng.poisson(0.4, n)
fare, cabin = rng.lognormal(4.5 - 0.7 * pclass, 0.5), np.where(pclass == 1, rng.integers(0, 147, n), 147)
chance = 1 / (1 + np.exp(-(2.0 - 3.2 * sex - 1.2 * (pclass - 2) - 0.04 * (age - 30) - 0.4 * sibsp)))
survived = torch.tensor((rng.random(n) < chance).astype(int))
table = np.column_stack([passenger_id, pclass, name, sex, age, sibsp, parch, ticket, fare, cabin])

X = torch.tensor(table, dtype=torch.float32)
Y = F.one_hot(survived, 2).float()
x_train, y_train, x_test, y_test = X[:700], Y[:700], X[700:], Y[700:]


def categorical_crossentropy(probabilities, one_hot):
    """Mean cross-entropy of rows of probabilities, normalised and clipped as Keras does it."""
    probabilities = probabilities / probabilities.sum(dim=1, keepdim=True)
    return -(one_hot * probabilities.clamp(1e-7, 1 - 1e-7).log()).sum(dim=1).mean()


model = nn.Sequential(nn.Linear(10, 512), nn.ReLU(), nn.Dropout(0.5), nn.Linear(512, 2), nn.Softmax(dim=1))
optimizer = torch.optim.Adam(model.parameters())
for epoch in range(10):
    model.train()
    for batch in torch.randperm(700).split(4):
        optimizer.zero_grad()
        loss = categorical_crossentropy(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        output = model(x_test)
        val_loss = categorical_crossentropy(output, y_test).item()
        accuracy = (output.argmax(1) == y_test.argmax(1)).float().mean().item()
    print(f"epoch {epoch}: val_loss {val_loss:.4f} val_acc {accuracy:.4f}")
print(f"final: eval_loss={val_loss:.4f} accuracy={accuracy:.4f}")
