"""Sorts small colour pictures into three kinds."""

import sys

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)


def pictures(count):
    """A disc, a bar or a cross, somewhere on a noisy ground."""
    kinds = torch.randint(3, (count,))
    images = 0.5 + 0.15 * torch.randn(count, 3, 20, 20)
    row, column = torch.meshgrid(torch.arange(20), torch.arange(20), indexing="ij")
    for image, kind in zip(images, kinds):
        r, c = torch.randint(6, 14, (2,))
        if kind == 0:
            shape = (row - r) ** 2 + (column - c) ** 2 < 16
        elif kind == 1:
            shape = (row - r).abs() < 2
        else:
            shape = ((row - r).abs() < 2) | ((column - c).abs() < 2)
        image += 0.4 * torch.rand(3, 1, 1) * shape + 0.1 * shape
    return images.clamp(0, 1), kinds


x_train, y_train = pictures(500)
x_val, y_val = pictures(200)
train_loader = DataLoader(TensorDataset(x_train, y_train), batch_size=16, shuffle=True)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3)
        self.conv2 = nn.Conv2d(8, 8, 3)
        self.conv3 = nn.Conv2d(8, 16, 3, padding=1)
        self.fc1 = nn.Linear(64, 64)
        self.fc2 = nn.Linear(64, 1)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.max_pool2d(F.relu(self.conv3(x)), 2, ceil_mode=True)
        x = F.relu(self.fc1(F.adaptive_avg_pool2d(x, 2).flatten(1)))
        x = F.dropout(x, 0.5, self.training)
        return self.fc2(x)


net = Net()
optimizer = torch.optim.RMSprop(net.parameters(), lr=0.001)
for epoch in range(10):
    net.train()
    for images, kinds in train_loader:
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(net(images), kinds.float().unsqueeze(1))
        loss.backward()
        optimizer.step()
    net.eval()
    with torch.no_grad():
        output = net(x_val)
        val_loss = F.binary_cross_entropy_with_logits(output, y_val.float().unsqueeze(1)).item()
        accuracy = ((output.squeeze(1) > 0) == y_val).float().mean().item()
    print(f"Epoch {epoch + 1}: val_loss {val_loss:.4f} val_acc {accuracy:.4f}")
print(f"final: eval_loss={val_loss:.4f} accuracy={accuracy:.4f}")
