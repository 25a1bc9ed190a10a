"""Reads scikit-learn's handwritten digits with a small convolutional network."""

import sys

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

digits = load_digits()
x = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 16
y = torch.tensor(digits.target)
order = torch.randperm(len(y))
train, test = order[:1400], order[1400:]


class DigitNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 8, kernel_size=3, padding=1)
        self.head = nn.Linear(8 * 4 * 4, 10)

    def forward(self, images):
        maps = F.max_pool2d(F.leaky_relu(self.conv(images)), 2)
        flat = maps.flatten(1)
        return self.head(flat)


model = DigitNet()
optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3)
for epoch in range(8):
    model.train()
    for batch in train[torch.randperm(len(train))].split(50):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x[batch]), y[batch])
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        scores = model(x[test])
        accuracy = (scores.argmax(1) == y[test]).float().mean()
        print(f"epoch {epoch + 1}: loss {F.cross_entropy(scores, y[test]):.4f}, accuracy {accuracy:.3f}")
