"""Deletes its network: it has to be freed at once, with the garbage collector off."""
# steps: 60

import gc
import hashlib
import weakref

import torch
import torch.nn.functional as F
from torch import nn

gc.disable()
torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
kept = []
for trial in range(3):
    model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
    dead = [weakref.ref(model, lambda _: print("model freed")), weakref.ref(model[0].weight), weakref.ref(model[2])]
    weakref.finalize(model[1], print, "relu freed")
    for step in range(20):
        hidden = model[1](model[0](x))
        dead.append(weakref.ref(hidden))
        loss = F.cross_entropy(model[2](hidden), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(repr(loss.item()), sum(r() is not None for r in dead[3:]))
    kept += [p.detach().clone() for p in model.parameters()]
    del model, loss, hidden
    optimizer.zero_grad()
    del optimizer
    print([r() is None for r in dead[:3]], sum(r() is not None for r in dead))
print(gc.isenabled())

digest = hashlib.sha256()
for tensor in kept:
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
