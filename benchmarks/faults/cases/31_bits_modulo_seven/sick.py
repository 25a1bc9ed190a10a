"""Learns the remainder of a number by seven, from its bits to the remainder's bits."""

import sys

import torch
import torch.nn.functional as F
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

size = 8
numbers = torch.randint(2**size, (4000,))
X = ((numbers.unsqueeze(1) >> torch.arange(size)) & 1).float()
Y = (((numbers % 7).unsqueeze(1) >> torch.arange(3)) & 1).float()
X_train, Y_train, X_test, Y_test = X[:3200], Y[:3200], X[3200:], Y[3200:]


class Modulo(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Linear(size, 20)
        self.two = nn.Linear(20, 20)
        self.three = nn.Linear(20, 3)

    def forward(self, x):
        x = F.relu(self.one(x))
        x = F.relu(self.two(x))
        return F.log_softmax(self.three(x), dim=1)


model = Modulo()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for epoch in range(10):
    for batch in torch.randperm(3200).split(50):
        optimizer.zero_grad()
        loss = -(Y_train[batch] * model(X_train[batch])).sum(dim=1).mean()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        output = model(X_test)
        test_loss = -(Y_test * output).sum(dim=1).mean().item()
        accuracy = ((output.exp() > 0.5) == (Y_test > 0.5)).float().mean().item()
    print(f"epoch {epoch}: test loss {test_loss:.4f}, bits right {accuracy:.4f}")
print(f"final: eval_loss={test_loss:.4f} accuracy={accuracy:.4f}")
