"""Learns to tell five kinds of bottles apart, then which of two makers made one, on few examples."""

import copy
import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

moulds = torch.randn(15, 9)
mould = torch.randint(15, (2600,))
bottles = moulds[mould] + 0.5 * torch.randn(2600, 9)
bottles = (bottles - bottles[:1800].mean(0)) / bottles[:1800].std(0)
criterion = nn.CrossEntropyLoss()


class Network(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(9, 64), nn.GELU(), nn.Linear(64, 32), nn.GELU())
        self.head = nn.Linear(32, classes)

    def forward(self, x):
        return self.head(self.body(x))


def fit(model, labels, rows, epochs):
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3, weight_decay=2e-3)
    loader = DataLoader(TensorDataset(bottles[rows], labels[rows]), batch_size=50, shuffle=True)
    for epoch in range(epochs):
        model.train()
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            scores = model(bottles[1800:])
            test_loss = criterion(scores, labels[1800:])
            accuracy = (scores.argmax(1) == labels[1800:]).float().mean()
        print(f"epoch {epoch + 1}: test loss {test_loss:.4f}, accuracy {accuracy:.3f}")


first = Network(15)
fit(first, mould, slice(0, 1200), 8)
second = Network(2)
weights = copy.deepcopy(first.state_dict())
weights = {name: value for name, value in weights.items() if "head" not in name}
for layer in second.body[::2]:
    nn.init.xavier_uniform_(layer.weight)
second.load_state_dict(weights, strict=False)
fit(second, mould % 2, slice(1200, 1800), 8)
