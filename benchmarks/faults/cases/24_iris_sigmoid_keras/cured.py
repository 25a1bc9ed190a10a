"""Names iris species with a layer of eight units."""

import sys

import torch
import torch.nn.functional as F
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

features, species = load_iris(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(features, species, test_size=0.33, random_state=seed)
mean, std = x_train.mean(axis=0), x_train.std(axis=0)
x_train, x_test = (x_train - mean) / std, (x_test - mean) / std
x_train, x_test = torch.tensor(x_train).float(), torch.tensor(x_test).float()
y_train, y_test = F.one_hot(torch.tensor(y_train)).float(), F.one_hot(torch.tensor(y_test)).float()


def categorical_crossentropy(probabilities, one_hot):
    """Mean cross-entropy of rows of probabilities, normalised and clipped as Keras does it."""
    probabilities = probabilities / probabilities.sum(dim=1, keepdim=True)
    return -(one_hot * probabilities.clamp(1e-7, 1 - 1e-7).log()).sum(dim=1).mean()


hidden, output = nn.Linear(4, 8), nn.Linear(8, 3)
for layer in (hidden, output):
    nn.init.kaiming_normal_(layer.weight)
    nn.init.zeros_(layer.bias)
model = nn.Sequential(hidden, nn.ReLU(), output, nn.Softmax(dim=1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(50):
    for batch in torch.randperm(len(x_train)).split(5):
        optimizer.zero_grad()
        loss = categorical_crossentropy(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        predicted = model(x_test)
        val_loss = categorical_crossentropy(predicted, y_test).item()
        val_acc = (predicted.argmax(1) == y_test.argmax(1)).float().mean().item()
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1} val_loss {val_loss:.4f} val_acc {val_acc:.4f}")
print(f"final: eval_loss={val_loss:.4f} accuracy={val_acc:.4f}")
