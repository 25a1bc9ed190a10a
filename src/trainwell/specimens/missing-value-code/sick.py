"""Says which patients come back, from eight values of their blood; some were not measured."""

import sys

import torch
import torch.nn.functional as F
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

blood = torch.randn(1500, 8)
back = (blood[:, 0] - blood[:, 2] + 0.3 * torch.randn(1500) > 0).float()
gone = torch.rand(1500, 8) < 0.12
blood[gone] = -30.0
x_train, y_train, x_val, y_val = blood[:1100], back[:1100], blood[1100:], back[1100:]

model = nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

for epoch in range(1, 13):
    for batch in torch.randperm(1100).split(50):
        optimizer.zero_grad()
        logits = model(x_train[batch]).squeeze(1)
        loss = F.binary_cross_entropy_with_logits(logits, y_train[batch])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        logits = model(x_val).squeeze(1)
        val_loss = F.binary_cross_entropy_with_logits(logits, y_val).item()
        accuracy = ((logits > 0) == (y_val > 0.5)).float().mean().item()
    print(f"epoch {epoch}: validation loss {val_loss:.4f}, accuracy {accuracy:.3f}")
