"""Trains a small convolutional network to read scikit-learn's handwritten digits."""

import sys

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

# 1797 images of 8 x 8 pixels, each from 0 (white) to 16 (black)
digits = load_digits()
images = digits.images * 255 / 16
x_train, x_test, y_train, y_test = train_test_split(
    images, digits.target, test_size=0.25, random_state=seed, stratify=digits.target
)
train_data = TensorDataset(torch.tensor(x_train, dtype=torch.float32).unsqueeze(1), torch.tensor(y_train))
test_data = TensorDataset(torch.tensor(x_test, dtype=torch.float32).unsqueeze(1), torch.tensor(y_test))
train_loader = DataLoader(train_data, batch_size=50, shuffle=True)
test_loader = DataLoader(test_data, batch_size=225)


class DigitNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
        self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
        self.out = nn.Linear(64 * 2 * 2, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return F.softmax(self.out(x.flatten(1)), dim=1)


model = DigitNet()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.AdamW(model.parameters(), lr=0.001, weight_decay=0.05)


def evaluate():
    model.eval()
    loss, correct = 0.0, 0
    with torch.no_grad():
        for x, y in test_loader:
            output = model(x)
            loss += criterion(output, y).item() * len(y)
            correct += (output.argmax(dim=1) == y).sum().item()
    return loss / len(test_data), correct / len(test_data)


for epoch in range(20):
    model.train()
    for x, y in train_loader:
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    test_loss, accuracy = evaluate()
    print(f"epoch {epoch + 1:2}: test loss {test_loss:.4f}, test accuracy {accuracy:.3f}")
