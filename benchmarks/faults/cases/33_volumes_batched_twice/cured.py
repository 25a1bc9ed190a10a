"""Tells volumes of ones from volumes of zeros with a three-dimensional convolution."""

import sys

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Dataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)


class Volumes(Dataset):
    """Volumes of noise around one of two levels."""

    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        kind = int(index >= self.count // 2)
        return 2 * kind - 1 + torch.randn(3, 8, 8, 8), kind


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
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
loader = DataLoader(Volumes(240), batch_size=6, shuffle=True)
test_loader = DataLoader(Volumes(48), batch_size=48)

for epoch in range(5):
    model.train()
    for volumes, kinds in loader:
        optimizer.zero_grad()
        loss = criterion(model(volumes), kinds)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        volumes, kinds = next(iter(test_loader))
        output = model(volumes)
        val_loss = criterion(output, kinds).item()
        accuracy = (output.argmax(1) == kinds).float().mean().item()
    print(f"epoch {epoch}: loss {loss.item():.4f} val_loss {val_loss:.4f} val_acc {accuracy:.4f}")
print(f"final: eval_loss={val_loss:.4f} accuracy={accuracy:.4f}")
