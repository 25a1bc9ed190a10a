"""Copies and pickles loaders, iterates one twice at once, and leaves iterators half read."""
# steps: 48

import copy
import hashlib
import itertools
import pickle

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
data = TensorDataset(x, y)
loader = DataLoader(data, batch_size=64, shuffle=True, generator=torch.Generator().manual_seed(1))
others = [copy.copy(loader), copy.deepcopy(loader), pickle.loads(pickle.dumps(loader))]
print([sorted(vars(other)) == sorted(vars(loader)) for other in others], type(iter(loader)).__name__)
for epoch in range(4):
    for inputs, targets in itertools.islice(loader, 2):
        for pair in (next(iter(other)) for other in others):
            loss = F.cross_entropy(model(pair[0]), pair[1])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            print(repr(loss.item()))
        loss = F.cross_entropy(model(inputs), targets) + F.cross_entropy(model(x[:64]), y[:64])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(repr(loss.item()))
    first, second = iter(loader), iter(loader)
    print(sum((a[0] * b[0]).sum().item() for a, b in zip(first, second)), len(loader))
    next(iter(loader))
    for a, b in zip(loader, others[0]):
        loss = F.cross_entropy(model(a[0]), b[1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(repr(loss.item()))

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
