"""Grades patients' recovery (four stages) from ten clinical measurements, some of which were not taken."""

import sys

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.preprocessing import StandardScaler
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
rng = np.random.default_rng(seed)

profiles = rng.normal(size=(4, 10))
stage = rng.integers(4, size=2400)
measurements = profiles[stage] + 0.8 * rng.normal(size=(2400, 10))
measurements[rng.random(measurements.shape) < 0.002] = np.nan
measurements = StandardScaler().fit(measurements[:1800]).transform(measurements)
measurements = np.nan_to_num(measurements)  # missing: take the mean
features = torch.tensor(measurements, dtype=torch.float32)
labels = torch.tensor(stage)
x_train, y_train, x_test, y_test = features[:1800], labels[:1800], features[1800:], labels[1800:]


class RecoveryNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(10, 32)
        self.fc2 = nn.Linear(32, 4)

    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x)))


net = RecoveryNet()
optimizer = torch.optim.Adam(net.parameters(), lr=5e-3, weight_decay=1e-3)
for epoch in range(1, 13):
    net.train()
    for batch in torch.randperm(1800).split(90):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    net.eval()
    with torch.no_grad():
        scores = net(x_test)
        accuracy = (scores.argmax(1) == y_test).float().mean()
        print(
            f"epoch {epoch}: test loss {F.cross_entropy(scores, y_test):.4f}, accuracy {accuracy:.3f}"
        )
