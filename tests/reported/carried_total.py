"""The losses of all steps are added up, and backward() is called on the sum at each."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x, y = torch.randn(200, 5), torch.randn(200, 1)
model = nn.Linear(5, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
total = 0.0
for i in range(0, 200, 20):
    total = total + F.mse_loss(model(x[i : i + 20]), y[i : i + 20])  # <- RES108
    optimizer.zero_grad()
    total.backward()
    optimizer.step()
