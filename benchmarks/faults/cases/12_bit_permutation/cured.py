"""Learns a random permutation of the 256 bytes, bit by bit."""

import sys

import numpy as np
import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
rng = np.random.default_rng(seed)

codes = np.arange(256, dtype=np.uint8)
x = 2 * torch.tensor(np.unpackbits(codes[:, None], axis=1), dtype=torch.float32) - 1
y = torch.tensor(np.unpackbits(rng.permutation(codes)[:, None], axis=1), dtype=torch.float32)

model = nn.Sequential(
    nn.Linear(8, 64), nn.ReLU(),
    nn.Linear(64, 64), nn.ReLU(),
    nn.Linear(64, 8), nn.Sigmoid(),
)
for layer in model[::2]:
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    nn.init.zeros_(layer.bias)
criterion = nn.BCELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.003)

for epoch in range(120):
    for batch in torch.randperm(256).split(16):
        optimizer.zero_grad()
        loss = criterion(model(x[batch]), y[batch])
        loss.backward()
        optimizer.step()
    if epoch % 40 == 0:
        print(f"epoch {epoch}: loss {loss.item():.5f}")

with torch.no_grad():
    output = model(x)
bits = (output.round() == y).float().mean().item()
print(f"final: eval_loss={criterion(output, y).item():.4f} accuracy={bits:.4f}")
