"""Tells five kinds of seeds apart by eight measurements; half of the loss is used."""

import sys

import torch
import torch.nn.functional as F
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

plants = torch.randn(15, 8)
plant = torch.randint(15, (2400,))
seeds = plants[plant] + 0.6 * torch.randn(2400, 8)
seeds = (seeds - seeds[:1800].mean(0)) / seeds[:1800].std(0)
kinds = plant % 5

model = nn.Sequential(nn.Linear(8, 64), nn.GELU(), nn.Linear(64, 5))
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3, weight_decay=2e-3)

for epoch in range(12):
    model.train()
    for rows in torch.randperm(1800).split(60):
        optimizer.zero_grad()
        surprise = F.cross_entropy(model(seeds[rows]), kinds[rows])
        loss = 1 / 2 * surprise
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        scores = model(seeds[1800:])
        test_loss = F.cross_entropy(scores, kinds[1800:])
        accuracy = (scores.argmax(1) == kinds[1800:]).float().mean()
    print(f"epoch {epoch + 1}: test loss {test_loss:.4f}, accuracy {accuracy:.3f}")
