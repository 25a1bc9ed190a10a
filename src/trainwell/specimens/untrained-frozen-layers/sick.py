"""Tells two makers of bottles apart, on the features of a frozen network that knows fifteen moulds."""

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


def body():
    return nn.Sequential(nn.Linear(9, 64), nn.Tanh(), nn.Linear(64, 24), nn.Tanh())


def fit(model, labels, rows, epochs, rate):
    wanted = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(wanted, lr=rate)
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


teacher = body()
fit(nn.Sequential(teacher, nn.Linear(24, 15)), mould, slice(0, 1200), 10, 5e-3)
backbone = body()
backbone.requires_grad_(False)
fit(nn.Sequential(backbone, nn.Linear(24, 2)), mould % 2, slice(1200, 1800), 20, 1e-2)
