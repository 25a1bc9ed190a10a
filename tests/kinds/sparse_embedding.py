"""Trains sparse embeddings with SparseAdam beside a dense layer with SGD."""

import hashlib
import random
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
random.seed(seed)
np.random.seed(seed)
torch.manual_seed(seed)

users = torch.randint(60, (500,))
items = torch.randint(40, (500, 5))
ratings = ((users.unsqueeze(1) % 5 == items % 5).float()).mean(1)


class Recommender(nn.Module):
    def __init__(self):
        super().__init__()
        self.users = nn.Embedding(60, 8, sparse=True)
        self.items = nn.EmbeddingBag(40, 8, mode="mean", sparse=True)
        self.out = nn.Linear(16, 1)

    def forward(self, users, items):
        return self.out(torch.cat([self.users(users), self.items(items)], dim=1)).squeeze(1)


model = Recommender()
sparse_optimizer = torch.optim.SparseAdam([*model.users.parameters(), *model.items.parameters()], lr=0.02)
dense_optimizer = torch.optim.SGD(model.out.parameters(), lr=0.1)
for step in range(40):
    batch = torch.randint(500, (64,))
    sparse_optimizer.zero_grad()
    dense_optimizer.zero_grad()
    loss = F.mse_loss(model(users[batch], items[batch]), ratings[batch])
    loss.backward()
    sparse_optimizer.step()
    dense_optimizer.step()
    print(repr(loss.item()))

digest = hashlib.sha256()
for parameter in model.parameters():
    digest.update(parameter.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
digest.update(repr(random.getstate()).encode())
digest.update(repr(np.random.get_state()).encode())
print("digest", digest.hexdigest())
