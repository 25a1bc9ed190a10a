"""Learns a noisy function of three variables with a small GELU network."""

import sys

import torch
import torch.nn.functional as F
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

x = torch.randn(2500, 3)
y = torch.tanh(x[:, 0] * 1.5) + 0.6 * x[:, 1] - 0.3 * x[:, 2] ** 2 + 0.2 * torch.randn(2500)
y = ((y - y[:2000].mean()) / y[:2000].std()).unsqueeze(1)
x_train, y_train, x_test, y_test = x[:2000], y[:2000], x[2000:], y[2000:]


class FunctionNet(nn.Module):
    def __init__(self, width=48):
        super().__init__()
        self.fc1 = nn.Linear(3, width)
        self.fc2 = nn.Linear(width, width)
        self.fc3 = nn.Linear(width, 1)

    def forward(self, x):
        x = F.gelu(self.fc1(x))
        x = F.gelu(self.fc2(x))
        return self.fc3(x)


model = FunctionNet()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
for epoch in range(15):
    model.train()
    for batch in torch.randperm(2000).split(100):
        optimizer.zero_grad()
        loss = F.mse_loss(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        test_loss = F.mse_loss(model(x_test), y_test)
    print(f"epoch {epoch + 1}: training loss {loss.item():.4f}, test loss {test_loss.item():.4f}")
