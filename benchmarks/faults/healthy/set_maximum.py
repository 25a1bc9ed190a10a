"""Says how far the largest of a set of numbers lies above their mean (a deep set)."""

import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)


class Sets(Dataset):
    def __init__(self, count):
        self.x = torch.randn(count, 8, 1)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], self.x[i].max() - self.x[i].mean() - 1.4


class DeepSet(nn.Module):
    def __init__(self):
        super().__init__()
        self.each = nn.Sequential(nn.Linear(1, 32), nn.GELU(), nn.Linear(32, 32))
        self.whole = nn.Sequential(nn.Linear(64, 32), nn.GELU(), nn.Linear(32, 1))

    def forward(self, x):
        h = self.each(x)
        return self.whole(torch.cat([h.amax(1), h.mean(1)], dim=1)).squeeze(1)


net = DeepSet()
optimizer = torch.optim.NAdam(net.parameters(), lr=3e-3)
criterion = nn.SmoothL1Loss()
train = DataLoader(Sets(2000), batch_size=64, shuffle=True, drop_last=True)
val = DataLoader(Sets(400), batch_size=400)
for epoch in range(6):
    for x, y in train:
        optimizer.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        x, y = next(iter(val))
        guess = net(x)
    print(f"epoch {epoch}: {criterion(guess, y).item():.5f}")
print(f"final: eval_loss={criterion(guess, y).item():.5f} learned={1 - (guess - y).var().item() / y.var().item():.4f}")
