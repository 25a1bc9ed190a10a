"""Trains a perceptron written with in-place functional activations."""

import hashlib
import random
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
random.seed(seed)
np.random.seed(seed)
torch.manual_seed(seed)

x = torch.randn(400, 8)
y = (x[:, 0] * x[:, 1] > 0).long()


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(8, 32)
        self.fc2 = nn.Linear(32, 32)
        self.fc3 = nn.Linear(32, 2)

    def forward(self, x):
        x = F.relu(self.fc1(x), inplace=True)
        x = F.dropout(x, 0.1, training=self.training)
        x = F.relu_(self.fc2(x))
        return F.log_softmax(self.fc3(x), dim=1)


model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for step in range(40):
    batch = torch.randint(400, (64,))
    optimizer.zero_grad()
    loss = F.nll_loss(model(x[batch]), y[batch])
    loss.backward()
    optimizer.step()
    print(repr(loss.item()))

digest = hashlib.sha256()
for parameter in model.parameters():
    digest.update(parameter.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
digest.update(repr(random.getstate()).encode())
digest.update(repr(np.random.get_state()).encode())
print("digest", digest.hexdigest())
