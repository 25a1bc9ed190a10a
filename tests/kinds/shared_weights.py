"""Trains a tied autoencoder and a language model head tied to its embedding."""

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

tokens = torch.randint(30, (200, 9))
vectors = torch.randn(200, 12)


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(30, 12)
        self.mix = nn.Linear(12, 12)
        self.head = nn.Linear(12, 30, bias=False)
        self.head.weight = self.embedding.weight
        self.code = nn.Linear(12, 4)

    def forward(self, tokens, vectors):
        scores = self.head(torch.tanh(self.mix(self.embedding(tokens))))
        code = torch.relu(self.code(vectors))
        return scores, F.linear(code, self.code.weight.t())


model = Tied()
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
for step in range(40):
    batch = torch.randint(200, (50,))
    scores, rebuilt = model(tokens[batch, :-1], vectors[batch])
    loss = F.cross_entropy(scores.flatten(0, 1), tokens[batch, 1:].flatten()) + F.mse_loss(rebuilt, vectors[batch])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(repr(loss.item()))

digest = hashlib.sha256()
for parameter in model.parameters():
    digest.update(parameter.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
digest.update(repr(random.getstate()).encode())
digest.update(repr(np.random.get_state()).encode())
print("digest", digest.hexdigest())
