"""Predicts who earns more than 50K from 14 label-encoded census columns."""

import sys

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
rng = np.random.default_rng(seed)

n = 3000
age = rng.integers(17, 90, n)
workclass = rng.integers(0, 9, n)
fnlwgt = rng.lognormal(12.0, 0.5, n).round()
education = rng.integers(0, 16, n)
education_num = rng.integers(1, 17, n)
marital = rng.integers(0, 7, n)
occupation = rng.integers(0, 15, n)
relationship = rng.integers(0, 6, n)
race = rng.choice(5, n, p=[0.01, 0.03, 0.1, 0.01, 0.85])
sex = rng.integers(0, 2, n)
gain = np.where(rng.random(n) < 0.1, rng.lognormal(8, 1, n).round(), 0)
loss_ = np.where(rng.random(n) < 0.05, rng.normal(1900, 300, n).round(), 0)
hours = rng.normal(40, 12, n).round().clip(1, 99)
country = rng.integers(0, 42, n)
score = 0.5 * (education_num - 10) + 0.05 * (age - 40) + 0.06 * (hours - 40) + (marital == 2) * 3 + (gain > 3000) * 3 + sex
earns = (score + rng.logistic(0, 0.6, n) > 1.5).astype(int)

columns = [age, workclass, fnlwgt, education, education_num, marital, occupation, relationship, race, sex, gain, loss_, hours, country]
X = torch.tensor(np.stack(columns, axis=1), dtype=torch.float32)
y = torch.tensor(earns)
train = DataLoader(TensorDataset(X[:2400], y[:2400]), batch_size=100, shuffle=True)
X_test, y_test = X[2400:], y[2400:]

model = nn.Sequential(nn.Linear(14, 21), nn.ReLU(), nn.Linear(21, 2))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(50):
    for features, target in train:
        optimizer.zero_grad()
        loss = criterion(model(features), target)
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        output = model(X_test)
        test_loss = criterion(output, y_test).item()
        accuracy = (output.argmax(1) == y_test).float().mean().item()
    print(f"epoch {epoch + 1}: test loss {test_loss:.4f}, accuracy {accuracy:.4f}")
print(f"final: eval_loss={test_loss:.4f} accuracy={accuracy:.4f}")
