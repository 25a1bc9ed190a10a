"""Trains a siamese network with a contrastive loss, so that signals of one source lie close together."""

import sys

import torch
import torch.nn.functional as F
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

sources = torch.randn(12, 16)
source = torch.randint(12, (2000,))
signals = sources[source] + 0.7 * torch.randn(2000, 16)
signals = (signals - signals.mean(0)) / signals.std(0)


def draw_pairs(first, last, count):
    left = torch.randint(first, last, (count,))
    right = torch.randint(first, last, (count,))
    same = torch.rand(count) < 0.5
    order = torch.argsort(source[first:last]) + first
    place = torch.argsort(torch.argsort(source[first:last]))
    neighbour = order[(place[left - first] + 1) % (last - first)]
    right = torch.where(same, neighbour, right)
    return signals[left], signals[right], (source[left] == source[right]).float()


def contrastive_loss(a, b, same, margin=2.0):
    distance = F.pairwise_distance(a, b)
    return (same * distance**2 + (1 - same) * F.relu(margin - distance) ** 2).mean()


embed = nn.Sequential(nn.Linear(16, 48), nn.ReLU(), nn.Linear(48, 8))
optimizer = torch.optim.Adam(embed.parameters(), lr=3e-3, weight_decay=1e-4)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=300)
test_a, test_b, test_same = draw_pairs(1500, 2000, 1000)
for step in range(1, 301):
    embed.train()
    a, b, same = draw_pairs(0, 1500, 128)
    loss = contrastive_loss(embed(a), embed(b), same)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    if step % 30 == 0:
        embed.eval()
        with torch.no_grad():
            a, b = embed(test_a), embed(test_b)
            test_loss = contrastive_loss(a, b, test_same).item()
            accuracy = ((F.pairwise_distance(a, b) < 1) == (test_same > 0.5)).float().mean().item()
        print(f"step {step}: test loss {test_loss:.4f}, accuracy {accuracy:.3f}")
