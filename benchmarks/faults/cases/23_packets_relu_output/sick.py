"""Tells attacks from ordinary traffic by eleven fields of a packet; twenty packets."""

import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
rng = np.random.default_rng(seed)

attack = np.array([0, 1] * 10)
packets = np.column_stack([
    rng.integers(0, 2**32, 20), rng.integers(0, 2**32, 20), rng.integers(1024, 65536, 20), rng.choice([22, 53, 80, 443], 20),
    rng.choice([6, 17], 20), 40 + rng.integers(0, 700, 20) * (1 - attack), rng.integers(0, 2**32, 20),
    rng.integers(0, 2**32, 20), 64 - attack * rng.integers(5, 20, 20), rng.integers(0, 64, 20), rng.integers(0, 65536, 20),
])
X = torch.tensor(packets, dtype=torch.float32)
Y = torch.tensor(attack, dtype=torch.float32).unsqueeze(1)


class PacketNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2, self.fc3 = nn.Linear(11, 12), nn.Linear(12, 12), nn.Linear(12, 1)
        for layer in (self.fc1, self.fc2, self.fc3):
            nn.init.normal_(layer.weight, std=0.05)
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return F.relu(self.fc3(x)).clamp(1e-7, 1 - 1e-7)


model = PacketNet()
optimizer = torch.optim.Adam(model.parameters())
for epoch in range(100):
    for batch in torch.randperm(20).split(5):
        optimizer.zero_grad()
        loss = F.binary_cross_entropy(model(X[batch]), Y[batch])
        loss.backward()
        optimizer.step()
    if epoch % 10 == 0:
        print(f"epoch {epoch}: loss {loss.item():.4f}")
with torch.no_grad():
    output = model(X)
accuracy = ((output > 0.5) == (Y > 0.5)).float().mean().item()
print(f"final: eval_loss={F.binary_cross_entropy(output, Y).item():.4f} accuracy={accuracy:.4f}")
