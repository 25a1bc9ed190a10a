"""Reads handwritten digits with the small network of Nielsen's book, in PyTorch."""

import sys

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

images, labels = load_digits(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(images / 16, labels, test_size=0.2, random_state=seed)
x_train, x_test = torch.tensor(x_train, dtype=torch.float32), torch.tensor(x_test, dtype=torch.float32)
y_train, y_test = torch.tensor(y_train), torch.tensor(y_test)

hidden = nn.Linear(64, 30)
output = nn.Linear(30, 10)
for layer in (hidden, output):
    nn.init.xavier_normal_(layer.weight)
    nn.init.zeros_(layer.bias)
model = nn.Sequential(hidden, nn.Sigmoid(), output)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for epoch in range(15):
    for batch in torch.randperm(len(x_train)).split(10):
        optimizer.zero_grad()
        loss = criterion(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        accuracy = (model(x_test).argmax(dim=1) == y_test).float().mean().item()
    print(f"Epoch {epoch}: {accuracy:.4f}")
with torch.no_grad():
    eval_loss = criterion(model(x_test), y_test).item()
print(f"final: eval_loss={eval_loss:.4f} accuracy={accuracy:.4f}")
