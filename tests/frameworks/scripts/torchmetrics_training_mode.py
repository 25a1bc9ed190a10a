"""Trains on digits, with metrics of torchmetrics inside and outside of the network.

It is evaluated in training mode.
"""

import torch
import torchmetrics
from sklearn.datasets import load_digits
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(64, 48)
        self.dropout = nn.Dropout(0.2)
        self.head = nn.Linear(48, 10)
        self.accuracy = torchmetrics.Accuracy(task="multiclass", num_classes=10)

    def forward(self, images):
        return self.head(self.dropout(torch.relu(self.hidden(images))))


torch.manual_seed(0)
digits = load_digits()
x = torch.tensor(digits.data, dtype=torch.float32) / 16
y = torch.tensor(digits.target)
x_test, y_test, x, y = x[1400:], y[1400:], x[:1400], y[:1400]
model = Net()
test_accuracy = torchmetrics.MetricCollection([torchmetrics.Accuracy(task="multiclass", num_classes=10)])
mean = torchmetrics.MeanMetric()
optimizer = torch.optim.Adam(model.parameters(), lr=0.002)
for epoch in range(9):
    model.train()
    for rows in torch.randperm(1400).split(32):
        outputs = model(x[rows])
        loss = nn.functional.cross_entropy(outputs, y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        model.accuracy(outputs, y[rows])
        mean.update(loss.detach())
    with torch.no_grad():
        outputs = model(x_test)
        test_accuracy.update(outputs, y_test)
        test_loss = nn.functional.cross_entropy(outputs, y_test)
    print(epoch, mean.compute().item(), model.accuracy.compute().item(), test_loss.item(), test_accuracy.compute())
    model.accuracy.reset(), test_accuracy.reset(), mean.reset()
