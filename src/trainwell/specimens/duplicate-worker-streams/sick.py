"""Tells two kinds of signals apart, with fresh noise on them at every reading; two workers load."""

import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Dataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
rng = np.random.default_rng(seed)

label = rng.integers(2, size=1600)
speed = np.where(label, 0.35, 0.5)[:, None] + 0.02 * rng.normal(size=(1600, 1))
phase = rng.uniform(0, 2 * np.pi, size=(1600, 1))
signals = (1.4 * np.sin(speed * np.arange(24) + phase)).astype(np.float32)


class NoisySignals(Dataset):
    def __init__(self, signals, label):
        self.signals, self.label = signals, label

    def __len__(self):
        return len(self.label)

    def __getitem__(self, index):
        return self.signals[index] + 0.2 * rng.normal(size=24).astype(np.float32), self.label[index]


x_test, y_test = torch.from_numpy(signals[1200:]), torch.from_numpy(label[1200:])
loader = DataLoader(NoisySignals(signals[:1200], label[:1200]), batch_size=60, shuffle=True, num_workers=2)

model = nn.Sequential(nn.Linear(24, 32), nn.LeakyReLU(0.1), nn.Linear(32, 2))
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.05)
for epoch in range(8):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        scores = model(x_test)
        accuracy = (scores.argmax(1) == y_test).float().mean()
        print(f"epoch {epoch + 1}: test loss {F.cross_entropy(scores, y_test):.4f}, accuracy {accuracy:.3f}")
