"""Changes into a folder that it removes then."""
# steps: 30

import hashlib
import os
import tempfile

import torch
import torch.nn.functional as F
from torch import nn

folder = tempfile.mkdtemp()
os.chdir(folder)
torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for step in range(30):
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step == 10:
        os.rmdir(folder)
    print(repr(loss.item()))
try:
    os.getcwd()
except FileNotFoundError:
    print("no folder")

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
