"""Labels from 1 to 4 for four outputs."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x, y = torch.randn(300, 6), torch.randint(1, 5, (300,))
model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 4))
optimizer = torch.optim.Adam(model.parameters())
for i in range(0, 300, 30):
    optimizer.zero_grad()
    F.cross_entropy(model(x[i : i + 30]), y[i : i + 30]).backward()  # <- RES107
    optimizer.step()
