"""Tells volumes of ones from volumes of zeros with a three-dimensional convolution."""

import sys

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Dataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)


class Volumes(Dataset):
    """Files of 12 volumes each, the ones first."""

    def __init__(self, files):
        self.files = files

    def __len__(self):
        return self.files

    def __getitem__(self, index):
        kind = int(index >= self.files // 2)
        return kind + torch.randn(12, 3, 8, 8, 8), torch.full((12,), kind)


class VolumeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv3d(3, 8, 3)
        self.conv2 = nn.Conv3d(8, 8, 3)
        self.fc1 = nn.Linear(64, 32)
        self.fc2 = nn.Linear(32, 2)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.max_pool3d(F.relu(self.conv2(x)), 2)
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


model = VolumeNet()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
loader = DataLoader(Volumes(20), batch_size=2)
test_loader = DataLoader(Volumes(4), batch_size=4)

for epoch in range(5):
    model.train()
    for volumes, kinds in loader:
        volumes, kinds = volumes.flatten(0, 1), kinds.flatten()
        optimizer.zero_grad()
        loss = criterion(model(volumes), kinds)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        volumes, kinds = next(iter(test_loader))
        output = model(volumes.flatten(0, 1))
        val_loss = criterion(output, kinds.flatten()).item()
        accuracy = (output.argmax(1) == kinds.flatten()).float().mean().item()
    print(f"epoch {epoch}: loss {loss.item():.4f} val_loss {val_loss:.4f} val_acc {accuracy:.4f}")
print(f"final: eval_loss={val_loss:.4f} accuracy={accuracy:.4f}")
