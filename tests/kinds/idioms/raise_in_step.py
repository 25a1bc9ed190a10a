"""Raises in an optimizer's step: caught once, and the second time it ends the script."""
# steps: 41

import hashlib

import torch
import torch.nn.functional as F
from torch import nn

class Fragile(torch.optim.SGD):
    calls = 0

    def step(self, closure=None):
        Fragile.calls += 1
        if Fragile.calls in (20, 41):
            raise LookupError(f"call {Fragile.calls}")
        return super().step(closure)

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
optimizer = Fragile(model.parameters(), lr=0.3, momentum=0.5)
for step in range(41):
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    if step == 40:
        digest = hashlib.sha256()
        for tensor in model.state_dict().values():
            digest.update(tensor.detach().contiguous().numpy().tobytes())
        print("digest", digest.hexdigest(), flush=True)
    try:
        optimizer.step()
    except LookupError as error:
        print("caught", error)
        if step == 40:
            raise RuntimeError("the second time") from error
        continue
    print(repr(loss.item()))
