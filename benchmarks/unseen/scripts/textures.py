"""Puts a new head on a body that was trained on textures before, and trains both gently."""

import sys

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

folder, seed = sys.argv[1], int(sys.argv[2])
torch.manual_seed(seed)


class Body(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(20)
        self.fc1 = nn.Linear(20, 48)
        self.fc2 = nn.Linear(48, 48)

    def forward(self, texture):
        return torch.relu(self.fc2(torch.relu(self.fc1(self.norm(texture)))))


body = Body()
body.load_state_dict(torch.load(f"{folder}/body.pt"))
body.eval()
head = nn.Linear(48, 4)
held = np.load(f"{folder}/textures.npz")
parts = [
    TensorDataset(torch.tensor(held[f"x_{p}"], dtype=torch.float32), torch.tensor(held[f"y_{p}"]))
    for p in ("train", "test")
]
train, test = DataLoader(parts[0], 40, shuffle=True), DataLoader(parts[1], 100)
weights = [*body.fc1.parameters(), *body.fc2.parameters(), *head.parameters()]
optimizer = torch.optim.Adam(weights, lr=1e-3)
network = nn.Sequential(body, head)
for epoch in range(8):
    for texture, kind in train:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(network(texture), kind)
        loss.backward()
        optimizer.step()
    right, lost = 0, 0.0
    with torch.no_grad():
        for texture, kind in test:
            logits = network(texture)
            lost += nn.functional.cross_entropy(logits, kind, reduction="sum").item()
            right += (logits.argmax(1) == kind).sum().item()
    print(f"{epoch} {loss.item():.3f} {lost / len(parts[1]):.3f} {right / len(parts[1]):.3f}")
print(f"final: accuracy={right / len(parts[1]):.4f}")
