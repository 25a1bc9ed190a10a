"""Reads handwritten digits, given as grey levels from 0 to 255, with a perceptron.

faults: DAT101, LOS101, OPT103
"""

import sys

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

pixels, labels = load_digits(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(pixels * 255 / 16, labels, test_size=0.3, random_state=seed)
x_train, x_test = torch.tensor(x_train, dtype=torch.float32), torch.tensor(x_test, dtype=torch.float32)
y_train, y_test = torch.tensor(y_train), torch.tensor(y_test)
loader = DataLoader(TensorDataset(x_train, y_train), batch_size=64, shuffle=True, drop_last=True)

model = nn.Sequential(nn.Linear(64, 64), nn.LeakyReLU(), nn.Linear(64, 10), nn.Softmax(dim=1))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(12):
    model.train()
    for x, y in loader:
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        output = model(x_test)
        accuracy = (output.argmax(1) == y_test).float().mean()
        print(f"epoch {epoch + 1}: test loss {criterion(output, y_test):.4f}, accuracy {accuracy:.3f}")
