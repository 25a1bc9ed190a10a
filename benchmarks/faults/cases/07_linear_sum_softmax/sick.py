"""Learns a weighted sum of three large numbers."""

import sys

import numpy as np
import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
rng = np.random.default_rng(seed)

X = rng.uniform(0, 10000, (4000, 3))
Y = 2 * X[:, 0] + X[:, 1] + 0.5 * X[:, 2] + 2.2
X, Y = torch.tensor(X, dtype=torch.float32), torch.tensor(Y, dtype=torch.float32).reshape(-1, 1)
x_train, y_train, x_test, y_test = X[:3200], Y[:3200], X[3200:], Y[3200:]

model = nn.Sequential(
    nn.Linear(3, 3), nn.Tanh(), nn.Dropout(0.5),
    nn.Linear(3, 2), nn.Tanh(), nn.Dropout(0.5),
    nn.Linear(2, 1), nn.Softmax(dim=1),
)
for layer in model:
    if isinstance(layer, nn.Linear):
        nn.init.uniform_(layer.weight, -0.05, 0.05)
        nn.init.zeros_(layer.bias)
criterion = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)

for epoch in range(20):
    model.train()
    for batch in torch.randperm(len(x_train)).split(32):
        optimizer.zero_grad()
        loss = criterion(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        test_loss = criterion(model(x_test), y_test).item()
    print(f"epoch {epoch + 1:2d} test loss {test_loss:.4g}")
r2 = 1 - test_loss / y_test.var().item()
print(f"final: eval_loss={test_loss:.4g} r2={r2:.4f}")
