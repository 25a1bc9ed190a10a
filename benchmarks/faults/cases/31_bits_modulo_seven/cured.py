"""Learns the remainder of a number by seven, from its bits to the remainder's bits."""

import sys

import torch
import torch.nn.functional as F
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

size = 8
numbers = torch.randint(2**size, (4000,))
X = 2 * ((numbers.unsqueeze(1) >> torch.arange(size)) & 1).float() - 1
Y = (((numbers % 7).unsqueeze(1) >> torch.arange(3)) & 1).float()
X_train, Y_train, X_test, Y_test = X[:3200], Y[:3200], X[3200:], Y[3200:]


class Modulo(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Linear(size, 100)
        self.two = nn.Linear(100, 100)
        self.three = nn.Linear(100, 3)

    def forward(self, x):
        x = F.relu(self.one(x))
        x = F.relu(self.two(x))
        return self.three(x)


model = Modulo()
optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
for epoch in range(30):
    for batch in torch.randperm(3200).split(50):
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(model(X_train[batch]), Y_train[batch])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        output = model(X_test)
        test_loss = F.binary_cross_entropy_with_logits(output, Y_test).item()
        accuracy = ((output > 0) == (Y_test > 0.5)).float().mean().item()
    print(f"epoch {epoch}: test loss {test_loss:.4f}, bits right {accuracy:.4f}")
print(f"final: eval_loss={test_loss:.4f} accuracy={accuracy:.4f}")
