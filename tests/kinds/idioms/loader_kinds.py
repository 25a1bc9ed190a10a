"""Reads iterable, sampled, batched-by-hand and collated loaders, and one with a dying dataset."""
# steps: 36

import hashlib

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import BatchSampler, DataLoader, Dataset, IterableDataset, RandomSampler, TensorDataset, WeightedRandomSampler

class Stream(IterableDataset):
    def __iter__(self):
        for row in range(0, 256, 32):
            yield x[row : row + 32], y[row : row + 32]

class Dying(Dataset):
    def __len__(self):
        return 256

    def __getitem__(self, index):
        if index == 128:
            raise KeyError(f"row {index}")
        return {"x": x[index], "y": y[index]}

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
def step_on(inputs, targets):
    loss = F.cross_entropy(model(inputs), targets)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(repr(loss.item()))

rows = BatchSampler(WeightedRandomSampler(torch.ones(256), 256), 32, drop_last=True)
loaders = [
    DataLoader(Stream(), batch_size=None),
    DataLoader([*zip(x, y)], batch_sampler=rows),
    DataLoader([*zip(x, y)], batch_size=32, collate_fn=lambda b: (torch.stack([r[0] for r in b]), torch.stack([r[1] for r in b]))),
    DataLoader(TensorDataset(x, y), sampler=RandomSampler(x), batch_size=32),
]
for loader in loaders:
    for inputs, targets in loader:
        step_on(inputs, targets)
try:
    for batch in DataLoader(Dying(), batch_size=32):
        step_on(**{"inputs": batch["x"], "targets": batch["y"]})
except KeyError as error:
    print("died", error)

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
