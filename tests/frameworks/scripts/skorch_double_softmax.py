"""Trains a NeuralNetClassifier of skorch on digits.

The softmax is applied twice.
"""

import torch
from sklearn.datasets import load_digits
from skorch import NeuralNetClassifier
from torch import nn

torch.manual_seed(0)
digits = load_digits()
x, y = digits.data.astype("float32") / 16, digits.target


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(64, 48)
        self.head = nn.Linear(48, 10)

    def forward(self, images):
        return torch.softmax(self.head(torch.relu(self.hidden(images))), 1)


net = NeuralNetClassifier(
    Net, criterion=nn.CrossEntropyLoss, optimizer=torch.optim.Adam, lr=0.002, batch_size=32, max_epochs=9,
    iterator_train__shuffle=True, verbose=0,
)
net.fit(x, y)
print(net.history[:, ("train_loss", "valid_loss", "valid_acc")])
