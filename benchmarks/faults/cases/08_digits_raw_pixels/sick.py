"""Reads handwritten digits from raw grey levels."""

import sys

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

images, labels = load_digits(return_X_y=True)
images = (images * 255 / 16).round()
x_train, x_test, y_train, y_test = train_test_split(images, labels, test_size=0.25, random_state=seed)
x_train, x_test = torch.tensor(x_train).float(), torch.tensor(x_test).float()
y_train, y_test = F.one_hot(torch.tensor(y_train), 10).float(), F.one_hot(torch.tensor(y_test), 10).float()


def categorical_crossentropy(probabilities, one_hot):
    """Mean cross-entropy of rows of probabilities, normalised and clipped as Keras does it."""
    probabilities = probabilities / probabilities.sum(dim=1, keepdim=True)
    return -(one_hot * probabilities.clamp(1e-7, 1 - 1e-7).log()).sum(dim=1).mean()


model = nn.Sequential(
    nn.Linear(64, 64),
    nn.Linear(64, 50),
    nn.ReLU(),
    nn.Linear(50, 10),
    nn.Sigmoid(),
)
optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)

for epoch in range(10):
    for batch in torch.randperm(len(x_train)).split(32):
        optimizer.zero_grad()
        loss = categorical_crossentropy(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        output = model(x_test)
        val_loss = categorical_crossentropy(output, y_test).item()
        accuracy = (output.argmax(1) == y_test.argmax(1)).float().mean().item()
    print(f"Epoch {epoch + 1}/10: loss {loss.item():.4f} val_loss {val_loss:.4f} acc {accuracy:.4f}")
print(f"final: eval_loss={val_loss:.4f} accuracy={accuracy:.4f}")
