"""Trains three networks in three threads at once, and one in the main thread."""
# steps: any

import hashlib
from concurrent.futures import ThreadPoolExecutor

import torch
import torch.nn.functional as F
from torch import nn

def train(seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(128, 10, generator=generator)
    y = (x[:, 0] > 0).long()
    model, lines = models[seed], []
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3, momentum=0.9)
    for step in range(80):
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        lines.append(repr(loss.item()))
    return lines

torch.manual_seed(0)
models = [nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 2)) for _ in range(4)]
with ThreadPoolExecutor(3) as pool:
    waiting = [pool.submit(train, seed) for seed in range(3)]
    print("\n".join(train(3)))
    for future in waiting:
        print("\n".join(future.result()))

digest = hashlib.sha256()
for tensor in [p for model in models for p in model.parameters()]:
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
