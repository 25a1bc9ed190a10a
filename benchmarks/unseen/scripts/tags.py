"""Puts five tags on songs, any number of them each, from twelve features."""

import sys

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

folder, seed = sys.argv[1], int(sys.argv[2])
torch.manual_seed(seed)


class Songs(Dataset):
    def __init__(self, part):
        held = np.load(f"{folder}/{part}.npz")
        self.features, self.tags = (
            held["features"].astype("float32"),
            held["tags"].astype("float32"),
        )

    def __len__(self):
        return len(self.tags)

    def __getitem__(self, at):
        return {"features": self.features[at], "tags": self.tags[at]}


loaders = {part: DataLoader(Songs(part), 50, shuffle=part == "fit") for part in ("fit", "check")}
tagger = nn.Sequential(nn.Linear(12, 48), nn.GELU(), nn.Linear(48, 5))
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.AdamW(tagger.parameters(), lr=3e-3)
for epoch in range(12):
    tagger.train()
    for batch in loaders["fit"]:
        loss = criterion(tagger(batch["features"]), batch["tags"])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    tagger.eval()
    with torch.no_grad():
        pairs = [(tagger(b["features"]), b["tags"]) for b in loaders["check"]]
        logits, tags = (torch.cat(each) for each in zip(*pairs))
        value = criterion(logits, tags).item()
    right = ((logits > 0) == (tags > 0.5)).float().mean().item()
    print(f"{epoch} {loss.item():.3f} {value:.3f} {right:.3f}")
print(f"final: accuracy={right:.4f}")
