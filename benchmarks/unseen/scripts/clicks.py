"""Tells four kinds of clicks by their waves; the network is built as network.json says."""

import json
import sys

import numpy as np
import torch
from torch import nn

folder, seed = sys.argv[1], int(sys.argv[2])
torch.manual_seed(seed)
plan = json.load(open(f"{folder}/network.json"))
waves = {n: torch.tensor(np.load(f"{folder}/{n}_waves.npy")).float()[:, None] for n in ("a", "b")}
kinds = {n: torch.tensor(np.load(f"{folder}/{n}_kinds.npy")).long() for n in ("a", "b")}


def block(inside, outside):
    return nn.Sequential(
        nn.Conv1d(inside, outside, 5, stride=2),
        nn.BatchNorm1d(outside, momentum=plan["norm_momentum"]),
        nn.ReLU(),
    )


class Clicks(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.Sequential(block(1, plan["width"]), block(plan["width"], plan["width"]))
        self.head = nn.Linear(plan["width"], 4)

    def forward(self, wave):
        return self.head(self.blocks(wave).amax(2))


clicks = Clicks()
optimizer = torch.optim.Adam(clicks.parameters(), **plan["adam"])
criterion = nn.CrossEntropyLoss()
for epoch in range(8):
    clicks.train()
    order = torch.randperm(len(kinds["a"]))
    for start in range(0, len(order), 40):
        rows = order[start : start + 40]
        loss = criterion(clicks(waves["a"][rows]), kinds["a"][rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    clicks.eval()
    with torch.no_grad():
        logits = clicks(waves["b"])
        value = criterion(logits, kinds["b"]).item()
        right = (logits.argmax(1) == kinds["b"]).float().mean().item()
    print(f"{epoch} {loss.item():.3f} {value:.3f} {right:.3f}")
print(f"final: accuracy={right:.4f}")
