"""Trains a small convolutional network to read the handwritten digits of scikit-learn."""

import sys

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

digits = load_digits()
images = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 16
images = (images - images.mean()) / images.std()
labels = torch.tensor(digits.target)
train, test = train_test_split(
    torch.arange(len(labels)), test_size=0.25, random_state=seed, stratify=labels
)
loader = DataLoader(TensorDataset(images[train], labels[train]), batch_size=50, shuffle=True)

model = nn.Sequential(
    nn.Conv2d(1, 16, kernel_size=3, padding=1),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Conv2d(16, 32, kernel_size=3, padding=1),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(128, 10),  # raw logits: the loss takes the softmax itself
)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.05)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=12)

for epoch in range(12):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    scheduler.step()

    model.eval()
    with torch.no_grad():
        outputs = model(images[test])
        test_loss = criterion(outputs, labels[test])
        accuracy = (outputs.argmax(1) == labels[test]).float().mean()
    print(f"epoch {epoch + 1}: test loss {test_loss.item():.4f}, accuracy {accuracy.item():.3f}")
