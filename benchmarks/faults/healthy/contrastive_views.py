"""Learns digits without labels from two noisy views (NT-Xent), then reads them with a linear probe."""

import sys

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

images, labels = load_digits(return_X_y=True)
images = torch.tensor((images - images.mean()) / images.std(), dtype=torch.float32)
order = torch.randperm(len(images))
train, test = order[:1300], order[1300:]


def view(x):
    return x * (torch.rand_like(x) > 0.2) + 0.2 * torch.randn_like(x)


encoder = nn.Sequential(nn.Linear(64, 96), nn.BatchNorm1d(96), nn.ReLU(), nn.Linear(96, 48))
projector = nn.Sequential(nn.ReLU(), nn.Linear(48, 24))
optimizer = torch.optim.Adam(list(encoder.parameters()) + list(projector.parameters()), lr=2e-3, weight_decay=1e-5)
for epoch in range(12):
    encoder.train()
    for batch in train[torch.randperm(1300)].split(130):
        both = torch.cat([view(images[batch]), view(images[batch])])
        z = F.normalize(projector(encoder(both)), dim=1)
        n = len(batch)
        similarity = (z @ z.T / 0.3).masked_fill(torch.eye(2 * n, dtype=torch.bool), -1e9)
        partner = torch.arange(2 * n).roll(n)
        loss = F.cross_entropy(similarity, partner)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(f"epoch {epoch}: contrastive loss {loss.item():.4f}")
encoder.eval()
with torch.no_grad():
    codes = encoder(images).numpy()
probe = LogisticRegression(max_iter=300).fit(codes[train], labels[train])
accuracy = probe.score(codes[test], labels[test])
print(f"final: accuracy={accuracy:.4f} learned={(accuracy - 0.1) / 0.9:.4f}")
