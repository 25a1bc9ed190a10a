"""Learns embeddings of noisy signals by triplets with the hardest negatives of a batch."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

centres = torch.randn(6, 24)
speaker = torch.randint(6, (1400,))
signals = centres[speaker] + 2.5 * torch.randn(1400, 24)

model = nn.Sequential(nn.Linear(24, 64), nn.LeakyReLU(), nn.Linear(64, 8))
criterion = nn.TripletMarginLoss(margin=0.5)
optimizer = torch.optim.SGD(model.parameters(), lr=0.002, momentum=0.9)


def triplets(points, labels):
    with torch.no_grad():
        distance = torch.cdist(points, points)
        same = labels[:, None] == labels
        positive = distance.masked_fill(~same, -1).argmax(1)
        negative = torch.multinomial((~same).float(), 1).squeeze(1)
    return points, points[positive], points[negative]


for step in range(500):
    rows = torch.randint(1000, (64,))
    loss = criterion(*triplets(model(signals[rows]), speaker[rows]))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 40 == 39:
        with torch.no_grad():
            points = model(signals[1000:])
            test_loss = criterion(*triplets(points, speaker[1000:]))
        print(f"step {step + 1}: test loss {test_loss.item():.4f}")
