"""Predicts the 10th, 50th and 90th percentile of a noisy wave with the pinball loss."""

import sys

import numpy as np
import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
rng = np.random.default_rng(seed)

x = rng.uniform(-2, 2, (3000, 1))
y = np.sin(2 * x) + rng.normal(0, 1, (3000, 1)) * (0.1 + 0.15 * np.abs(x))
x, y = torch.tensor(x).float(), torch.tensor(y).float()
levels = torch.tensor([0.1, 0.5, 0.9])


def pinball(prediction, target):
    miss = target - prediction
    return torch.maximum(levels * miss, (levels - 1) * miss).mean()


model = nn.Sequential(nn.Linear(1, 48), nn.SiLU(), nn.Linear(48, 48), nn.SiLU(), nn.Linear(48, 3))
optimizer = torch.optim.RMSprop(model.parameters(), lr=2e-3)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=2, factor=0.5)
for epoch in range(20):
    for batch in torch.randperm(2400).split(60):
        optimizer.zero_grad()
        loss = pinball(model(x[batch]), y[batch])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        band = model(x[2400:])
        val = pinball(band, y[2400:]).item()
    scheduler.step(val)
    inside = ((y[2400:] > band[:, :1]) & (y[2400:] < band[:, 2:])).float().mean().item()
    print(f"epoch {epoch}: pinball {val:.4f}, inside the band {inside:.3f}")
flat = pinball(torch.quantile(y[:2400], levels).expand(600, 3), y[2400:]).item()
print(f"final: eval_loss={val:.4f} inside={inside:.4f} learned={1 - val / flat:.4f}")
