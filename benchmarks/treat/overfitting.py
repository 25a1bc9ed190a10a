"""Learns handwritten digits from 150 pictures by heart: a convolutional network that overfits."""

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
images, labels = load_digits(return_X_y=True)
images = torch.tensor(images / 8.0 - 1.0, dtype=torch.float32).reshape(-1, 1, 8, 8)
labels = torch.tensor(labels)
train, test = train_test_split(range(len(labels)), train_size=150, test_size=600, random_state=0)
noisy = labels[train].clone()
wrong = torch.randperm(150)[:15]
noisy[wrong] = torch.randint(10, (15,))  # one label in ten is wrong, as in life
loader = DataLoader(TensorDataset(images[train], noisy), batch_size=25, shuffle=True)

model = nn.Sequential(
    nn.Conv2d(1, 32, 3, padding=1),
    nn.ReLU(),
    nn.Conv2d(32, 64, 3, padding=1),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(1024, 128),
    nn.ReLU(),
    nn.Linear(128, 10),
)
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

for epoch in range(30):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        scores = model(images[test])
        test_loss = F.cross_entropy(scores, labels[test])
        accuracy = (scores.argmax(1) == labels[test]).float().mean()
    print(f"epoch {epoch}: loss {loss:.4f}, test loss {test_loss:.4f}, accuracy {accuracy:.4f}")
