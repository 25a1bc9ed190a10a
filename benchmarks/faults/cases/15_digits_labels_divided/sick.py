"""Reads handwritten digits with two convolutions."""

import sys

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

images, labels = load_digits(return_X_y=True)
images = (images.reshape(-1, 1, 8, 8) * 255 / 16).round()
x_train, x_test, y_train, y_test = train_test_split(images, labels, test_size=0.25, random_state=seed)

x_train, y_train = x_train / 255, y_train / 255

x_train, x_test = torch.tensor(x_train).float(), torch.tensor(x_test).float()
y_train, y_test = torch.tensor(y_train.astype(np.int64)), torch.tensor(y_test)


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
        self.conv2 = nn.Conv2d(16, 16, 3, padding=1)
        self.fc1 = nn.Linear(16 * 2 * 2, 64)
        self.fc2 = nn.Linear(64, 10)

    def forward(self, x):
        x = F.max_pool2d(self.conv1(x), 2)
        x = F.max_pool2d(self.conv2(x), 2)
        x = F.relu(self.fc1(x.flatten(1)))
        return F.log_softmax(self.fc2(x), dim=1)


model = ConvNet()
optimizer = torch.optim.Adam(model.parameters())
for epoch in range(8):
    for batch in torch.randperm(len(x_train)).split(32):
        optimizer.zero_grad()
        loss = F.nll_loss(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        output = model(x_test)
        val_loss = F.nll_loss(output, y_test).item()
        accuracy = (output.argmax(1) == y_test).float().mean().item()
    print(f"Epoch {epoch + 1}: loss {loss.item():.4f} - val_loss {val_loss:.4f} - val_acc {accuracy:.4f}")
print(f"final: eval_loss={val_loss:.4f} accuracy={accuracy:.4f}")
