"""Tells rings from bars in small pictures, which are drawn from points on their outlines."""

import math
import sys

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Dataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)


def outline(is_bar):
    x, y, angle = (torch.rand(3) * torch.tensor([6.0, 6.0, 6.3]) + torch.tensor([5.0, 5.0, 0.0])).tolist()
    turns = [k / 24 for k in range(24)]
    if is_bar:
        return [(x + 6 * (t - 0.5) * math.cos(angle), y + 6 * (t - 0.5) * math.sin(angle)) for t in turns]
    return [(x + 3 * math.cos(6.3 * t), y + 3 * math.sin(6.3 * t)) for t in turns]


def draw(points):
    rows = [[min((x - px) ** 2 + (y - py) ** 2 for px, py in points) for x in range(16)] for y in range(16)]
    return 2 * torch.exp(-torch.tensor(rows)).flatten() - 0.25


class Outlines(Dataset):
    def __init__(self, count):
        self.labels = [i % 2 for i in range(count)]
        self.outlines = [outline(label) for label in self.labels]
        self.pictures = [draw(points) for points in self.outlines]

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return self.pictures[index], self.labels[index]


loader = DataLoader(Outlines(240), batch_size=40, shuffle=True)
test = Outlines(60)
x_test, y_test = torch.stack([draw(points) for points in test.outlines]), torch.tensor(test.labels)

model = nn.Sequential(nn.Linear(256, 32), nn.LeakyReLU(0.1), nn.Linear(32, 2))
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.1)
for epoch in range(9):
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
