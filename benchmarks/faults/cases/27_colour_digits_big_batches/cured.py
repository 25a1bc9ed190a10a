"""Recognises digits on coloured grounds with a small convolutional network."""

import sys

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

digits = load_digits()
shapes = torch.tensor(digits.images / 16, dtype=torch.float32).unsqueeze(1)
labels = torch.tensor(digits.target)
ink, ground = 0.6 + 0.4 * torch.rand(len(shapes), 3, 1, 1), 0.5 * torch.rand(len(shapes), 3, 1, 1)
pictures = shapes * ink + (1 - shapes) * ground + 0.02 * torch.randn(len(shapes), 3, 8, 8)
pictures = (pictures - 0.5) / 0.3
mixed = torch.randperm(len(pictures))
train, test = mixed[:1500], mixed[1500:]
x_test, y_test = pictures[test], labels[test]


class SmallNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.fc1 = nn.Linear(32 * 2 * 2, 128)
        self.drop = nn.Dropout(0.4)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = self.drop(F.relu(self.fc1(x.flatten(1))))
        return F.log_softmax(self.fc2(x), dim=1)


net = SmallNet()
optimizer = torch.optim.Adam(net.parameters())
loader = DataLoader(TensorDataset(pictures[train], labels[train]), batch_size=32, shuffle=True)
epochs = 15
for epoch in range(epochs):
    net.train()
    for x, y in loader:
        optimizer.zero_grad()
        loss = F.nll_loss(net(x), y)
        loss.backward()
        optimizer.step()
    net.eval()
    with torch.no_grad():
        output = net(x_test)
        val_loss = F.nll_loss(output, y_test).item()
        val_acc = (output.argmax(1) == y_test).float().mean().item()
    print(f"Epoch {epoch + 1}/{epochs} - loss: {loss.item():.4f} - val_loss: {val_loss:.4f} - val_acc: {val_acc:.4f}")
print(f"final: eval_loss={val_loss:.4f} accuracy={val_acc:.4f}")
