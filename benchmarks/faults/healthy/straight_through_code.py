"""Compresses digits into 24 bits with a straight-through estimator, and rebuilds them."""

import sys

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)


class Bits(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return (x > 0).float() * 2 - 1

    @staticmethod
    def backward(ctx, gradient):
        return gradient


class Coder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encode = nn.Sequential(nn.Linear(64, 64), nn.PReLU(), nn.Linear(64, 24))
        self.decode = nn.Sequential(nn.Linear(24, 64), nn.PReLU(), nn.Linear(64, 64))

    def forward(self, x):
        return self.decode(Bits.apply(torch.tanh(self.encode(x))))


x = torch.tensor(load_digits().data, dtype=torch.float32)
x = (x - x.mean()) / x.std()
x = x[torch.randperm(len(x))]
train, test = x[:1400], x[1400:]
coder = Coder()
optimizer = torch.optim.Adam(coder.parameters(), lr=2e-3)
for epoch in range(25):
    for batch in train[torch.randperm(1400)].split(32):
        loss = F.mse_loss(coder(batch), batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        error = F.mse_loss(coder(test), test).item()
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1}: {error:.4f}")
print(f"final: eval_loss={error:.4f} learned={1 - error / test.var().item():.4f}")
