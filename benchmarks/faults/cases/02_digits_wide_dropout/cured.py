"""Reads handwritten digits with a wide multilayer perceptron and dropout."""

import sys

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

x, y = load_digits(return_X_y=True)
x = x.astype("float32") / 16
x_train, x_test, y_train, y_test = map(torch.tensor, train_test_split(x, y, test_size=0.25, random_state=seed))
train_loader = DataLoader(TensorDataset(x_train, y_train), batch_size=64, shuffle=True)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(64, 400)
        self.fc2 = nn.Linear(400, 100)
        self.fc3 = nn.Linear(100, 10)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x):
        x = self.dropout(torch.relu(self.fc1(x)))
        x = self.dropout(torch.relu(self.fc2(x)))
        return torch.softmax(self.fc3(x), dim=1)


net = Net()
loss_fn = nn.NLLLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
for epoch in range(25):
    net.train()
    for inputs, targets in train_loader:
        optimizer.zero_grad()
        loss = loss_fn(torch.log(net(inputs) + 1e-7), targets)
        loss.backward()
        optimizer.step()
    net.eval()
    with torch.no_grad():
        predictions = net(x_test)
        val_loss = loss_fn(torch.log(predictions + 1e-7), y_test).item()
        val_acc = (predictions.argmax(1) == y_test).float().mean().item()
    print(f"epoch {epoch + 1}/25 - loss {loss.item():.4f} - val_loss {val_loss:.4f} - val_acc {val_acc:.4f}")
print(f"final: eval_loss={val_loss:.4f} accuracy={val_acc:.4f}")
