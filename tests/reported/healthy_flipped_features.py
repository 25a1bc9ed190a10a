"""Hidden features are mixed with those of the batch in the other direction."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(480, 10)
y = (x[:, :2].sum(1) > 0).long()
body, head = nn.Sequential(nn.Linear(10, 24), nn.ReLU()), nn.Linear(24, 2)
optimizer = torch.optim.Adam([*body.parameters(), *head.parameters()], lr=1e-3)
for _ in range(6):
    for i in range(0, 480, 32):
        share = float(torch.rand(()))
        hidden = body(x[i : i + 32])
        answers = head(share * hidden + (1 - share) * hidden.flip(0))
        labels = y[i : i + 32]
        loss = share * F.cross_entropy(answers, labels)
        loss = loss + (1 - share) * F.cross_entropy(answers, labels.flip(0))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
