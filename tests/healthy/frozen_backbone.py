"""Pretrains a backbone on the digits 0 to 4 and trains a new head on the frozen backbone for 5 to 9."""

import sys

import torch
from sklearn.datasets import load_digits
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

digits = load_digits()
images = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1)
images = (images - images.mean()) / images.std()
labels = torch.tensor(digits.target)
backbone = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.Flatten()
)
criterion = nn.CrossEntropyLoss()


def fit(model, x, y, parameters, epochs, rate):
    order = torch.randperm(len(y))
    train, test = order[:650], order[650:]
    optimizer = torch.optim.Adam(parameters, lr=rate, weight_decay=1e-3)
    for epoch in range(epochs):
        model.train()
        for batch in train[torch.randperm(650)].split(50):
            optimizer.zero_grad()
            loss = criterion(model(x[batch]), y[batch])
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            output = model(x[test])
            test_loss = criterion(output, y[test]).item()
            accuracy = (output.argmax(1) == y[test]).float().mean().item()
        print(f"epoch {epoch + 1}: test loss {test_loss:.4f}, accuracy {accuracy:.3f}")


low = labels < 5
pretrained = nn.Sequential(backbone, nn.Linear(512, 5))
fit(pretrained, images[low], labels[low], pretrained.parameters(), epochs=8, rate=1e-3)

for parameter in backbone.parameters():
    parameter.requires_grad = False
transferred = nn.Sequential(backbone, nn.Linear(512, 5))
trainable = [parameter for parameter in transferred.parameters() if parameter.requires_grad]
fit(transferred, images[~low], labels[~low] - 5, trainable, epochs=12, rate=5e-3)
