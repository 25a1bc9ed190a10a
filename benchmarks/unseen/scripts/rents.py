"""Learns what flats cost from six numbers; both tables come scaled, the rents in thousands."""

import sys

import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

folder, seed = sys.argv[1], int(sys.argv[2])
torch.manual_seed(seed)
loaders = {}
for name in ("train", "valid"):
    table = torch.tensor(np.loadtxt(f"{folder}/{name}.txt"), dtype=torch.float32)
    loaders[name] = DataLoader(
        TensorDataset(table[:, :6], table[:, 6:]), batch_size=50, shuffle=name == "train"
    )

net = nn.Sequential(nn.Linear(6, 32), nn.SiLU(), nn.Linear(32, 32), nn.SiLU(), nn.Linear(32, 1))
mse = nn.MSELoss()
optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
for epoch in range(20):
    for flats, rents in loaders["train"]:
        loss = mse(net(flats), rents)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        pairs = [(net(flats), rents) for flats, rents in loaders["valid"]]
        guess, truth = torch.cat([g for g, _ in pairs]), torch.cat([t for _, t in pairs])
        error = mse(guess, truth).item()
    print(f"epoch {epoch}: {loss.item():.4f} {error:.4f}")
print(f"final: r2={1 - error / truth.var().item():.4f}")
