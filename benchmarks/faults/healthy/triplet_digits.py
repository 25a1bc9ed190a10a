"""Embeds digits with the triplet loss; a nearest-neighbour vote judges the embedding."""

import sys

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

data = load_digits()
x = torch.tensor(data.data, dtype=torch.float32) / 8 - 1
y = torch.tensor(data.target)
order = torch.randperm(len(x))
x, y = x[order], y[order]
x_train, y_train, x_test, y_test = x[:1200], y[:1200], x[1200:], y[1200:]
members = [torch.nonzero(y_train == c).flatten() for c in range(10)]

embed = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 16))
triplet = nn.TripletMarginLoss(margin=0.5)
optimizer = torch.optim.Adam(embed.parameters(), lr=2e-3)

for step in range(400):
    anchor = torch.randint(1200, (64,))
    same = torch.stack([members[c][torch.randint(len(members[c]), ())] for c in y_train[anchor]])
    other_class = (y_train[anchor] + torch.randint(1, 10, (64,))) % 10
    other = torch.stack([members[c][torch.randint(len(members[c]), ())] for c in other_class])
    a, p, n = (F.normalize(embed(x_train[i]), dim=1) for i in (anchor, same, other))
    loss = triplet(a, p, n)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 100 == 99:
        with torch.no_grad():
            train_codes, test_codes = F.normalize(embed(x_train), dim=1), F.normalize(embed(x_test), dim=1)
        vote = KNeighborsClassifier(5).fit(train_codes.numpy(), y_train.numpy())
        accuracy = vote.score(test_codes.numpy(), y_test.numpy())
        print(f"step {step + 1}: loss {loss.item():.4f}, 5 neighbours {accuracy:.3f}")
print(f"final: accuracy={accuracy:.4f} learned={(accuracy - 0.1) / 0.9:.4f}")
