"""Sorts small pictures of fruit, whose kinds differ by colour and by shape."""

import sys

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

folder, seed = sys.argv[1], int(sys.argv[2])
torch.manual_seed(seed)


class Pictures(Dataset):
    def __init__(self, name):
        self.pixels = np.load(f"{folder}/{name}_pixels.npy")
        self.kinds = np.load(f"{folder}/{name}_kinds.npy")

    def __len__(self):
        return len(self.kinds)

    def __getitem__(self, at):
        return torch.from_numpy(self.pixels[at]).float(), int(self.kinds[at])


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 12, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(12, 16, 3),
            nn.ReLU(),
        )
        self.head = nn.Linear(16, 4)

    def forward(self, pictures):
        return self.head(self.body(pictures).mean((2, 3)))


def run_epoch(loader, optimizer=None):
    total, right, count = 0.0, 0, 0
    for pictures, kinds in loader:
        with torch.set_grad_enabled(optimizer is not None):
            logits = net(pictures)
            loss = nn.functional.cross_entropy(logits, kinds)
        if optimizer is not None:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        total += loss.item() * len(kinds)
        right += (logits.argmax(1) == kinds).sum().item()
        count += len(kinds)
    return total / count, right / count


net = Net()
train = DataLoader(Pictures("train"), batch_size=32, shuffle=True)
test = DataLoader(Pictures("test"), batch_size=64)
adam = torch.optim.Adam(net.parameters(), lr=5e-3)
for epoch in range(8):
    net.train()
    loss, accuracy = run_epoch(train, adam)
    net.eval()
    with torch.no_grad():
        test_loss, test_accuracy = run_epoch(test)
    print(f"{epoch} {loss:.3f} {accuracy:.3f} | {test_loss:.3f} {test_accuracy:.3f}")
print(f"final: accuracy={test_accuracy:.4f}")
