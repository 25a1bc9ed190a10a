"""Replaces standard output by its own streams, and duplicates the descriptor."""
# steps: 40

import contextlib
import hashlib
import io
import os
import sys

import torch
import torch.nn.functional as F
from torch import nn

class Tee(io.TextIOBase):
    def __init__(self, *streams):
        self.streams = streams

    def write(self, text):
        for stream in self.streams:
            stream.write(text)
        return len(text)

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
kept, original = io.StringIO(), sys.stdout
sys.stdout = Tee(kept, original)
for step in range(40):
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(repr(loss.item()))
sys.stdout = original
with contextlib.redirect_stdout(io.StringIO()) as other:
    print("hidden")
sys.stdout.flush()
copy = os.dup(1)
os.write(copy, f"{len(kept.getvalue())} {len(other.getvalue())}\n".encode())
os.close(copy)

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
