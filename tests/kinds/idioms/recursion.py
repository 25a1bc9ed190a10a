"""Trains at the bottom of a recursion, with a recursive network."""
# steps: 30

import hashlib

import torch
import torch.nn.functional as F
from torch import nn

class Tree(nn.Module):
    def __init__(self, depth):
        super().__init__()
        self.layer = nn.Linear(8, 8)
        self.below = Tree(depth - 1) if depth else None

    def forward(self, value):
        value = torch.tanh(self.layer(value))
        return value if self.below is None else value + self.below(value)

torch.manual_seed(0)
x = torch.randn(64, 8)
y = x.roll(1, 1)
model = Tree(10)
optimizer = torch.optim.Adam(model.parameters(), lr=0.003)

def train(step):
    if step == 30:
        return 0
    loss = F.mse_loss(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(repr(loss.item()))
    return 1 + train(step + 1)

print(train(0))

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
