"""Sorts digits; whatever can be set stands in settings.json."""

import json
import sys

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

folder, seed = sys.argv[1], int(sys.argv[2])
torch.manual_seed(seed)
with open(f"{folder}/settings.json") as file:
    settings = json.load(file)
held = np.load(f"{folder}/digits.npz")
sets = {
    part: TensorDataset(
        torch.tensor(held[f"x_{part}"], dtype=torch.float32), torch.tensor(held[f"y_{part}"])
    )
    for part in ("train", "test")
}
train = DataLoader(sets["train"], settings["batch"], shuffle=settings["shuffle"])
test = DataLoader(sets["test"], 200)
model = nn.Sequential(
    nn.Linear(64, settings["width"]),
    nn.ReLU(),
    nn.Dropout(settings["dropout"]),
    nn.Linear(settings["width"], settings["width"]),
    nn.ReLU(),
    nn.Dropout(settings["dropout"]),
    nn.Linear(settings["width"], 10),
)
loss_of = nn.CrossEntropyLoss(label_smoothing=settings["smoothing"])
make = getattr(torch.optim, settings["optimizer"])
optimizer = make(model.parameters(), **settings["optimizer_settings"])
for epoch in range(settings["epochs"]):
    model.train()
    for x, y in train:
        optimizer.zero_grad()
        loss = loss_of(model(x), y)
        loss.backward()
        optimizer.step()
    model.eval()
    right, lost = 0, 0.0
    with torch.no_grad():
        for x, y in test:
            logits = model(x)
            lost += nn.functional.cross_entropy(logits, y).item() * len(y)
            right += (logits.argmax(1) == y).sum().item()
    print(
        f"{epoch} {loss.item():.3f} {lost / len(sets['test']):.3f} {right / len(sets['test']):.3f}"
    )
print(f"final: accuracy={right / len(sets['test']):.4f}")
