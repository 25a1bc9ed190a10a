"""Gives optimizers, clipping and `backward(inputs=...)` iterators that can be read once."""
# steps: 40

import hashlib
import itertools

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
optimizer = torch.optim.SGD(
    [{"params": (p for p in model[0].parameters()), "lr": 0.1}, {"params": iter([*model[2].parameters()])}],
    lr=0.2,
)
for step in range(40):
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward(inputs=[*filter(lambda p: p.requires_grad, model.parameters())])
    norm = nn.utils.clip_grad_norm_((p for p in itertools.chain(model[0].parameters(), model[2].parameters())), 1.0)
    optimizer.step()
    print(repr(loss.item()), repr(norm.item()))

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
