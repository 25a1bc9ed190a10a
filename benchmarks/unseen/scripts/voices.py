"""Recognises speakers by features of their voices; features and labels lie in two files."""

import json
import sys

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Subset, TensorDataset

folder, seed = sys.argv[1], int(sys.argv[2])
torch.manual_seed(seed)
features = torch.from_numpy(np.load(f"{folder}/features.npy")).float()
speakers = torch.from_numpy(np.load(f"{folder}/speakers.npy"))
split = json.load(open(f"{folder}/split.json"))
everybody = TensorDataset(features, speakers)
train = DataLoader(Subset(everybody, split["train"]), batch_size=32, shuffle=True)
valid = DataLoader(Subset(everybody, split["valid"]), batch_size=100)


class Recogniser(nn.Module):
    def __init__(self, speakers=6):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(16, 64), nn.Linear(64, 64)])
        self.last = nn.Linear(64, speakers)

    def forward(self, voice):
        for layer in self.layers:
            voice = torch.relu(layer(voice))
        return self.last(voice)


recogniser = Recogniser()
optimizer = torch.optim.SGD(recogniser.parameters(), lr=0.01, momentum=0.9)
criterion = nn.CrossEntropyLoss()
for epoch in range(8):
    recogniser.train()
    for voice, who in train:
        optimizer.zero_grad(set_to_none=True)
        loss = criterion(recogniser(voice), who)
        loss.backward()
        optimizer.step()
    recogniser.eval()
    losses, hits = [], []
    with torch.no_grad():
        for voice, who in valid:
            said = recogniser(voice)
            losses.append(criterion(said, who).item())
            hits.append((said.argmax(1) == who).float().mean().item())
    print(epoch, f"{np.mean(losses):.3f} {np.mean(hits):.3f}")
print(f"final: accuracy={np.mean(hits):.4f}")
