"""Has a dropout module that is an object of its own, put into evaluation mode by itself."""
# steps: 60

import hashlib

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] + x[:, 1] > 0).long()
first, last, dropout = nn.Linear(8, 32), nn.Linear(32, 2), nn.Dropout(0.3)
optimizer = torch.optim.Adam([*first.parameters(), *last.parameters()], lr=0.01)
for epoch in range(10):
    dropout.train()
    for rows in torch.randperm(192).split(32):
        loss = F.cross_entropy(last(dropout(torch.relu(first(x[rows])))), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(repr(loss.item()))
    dropout.eval()
    with torch.no_grad():
        print(repr(F.cross_entropy(last(dropout(torch.relu(first(x[192:])))), y[192:]).item()))

digest = hashlib.sha256()
for tensor in [*first.parameters(), *last.parameters()]:
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
