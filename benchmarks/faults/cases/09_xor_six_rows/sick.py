"""Learns XOR from six rows with two small hidden layers."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

training_data = torch.tensor([[1, 0], [1, 1], [0, 0], [0, 1], [1, 1], [0, 0]], dtype=torch.float32)
target_data = torch.tensor([[1], [0], [0], [1], [0], [0]], dtype=torch.float32)


class XorNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(2, 2)
        self.second = nn.Linear(2, 3)
        self.last = nn.Linear(3, 1)
        for layer in (self.first, self.second, self.last):
            nn.init.uniform_(layer.weight, -0.05, 0.05)
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        x = torch.sigmoid(self.first(x))
        x = torch.sigmoid(self.second(x))
        return torch.softmax(self.last(x), dim=1)


net = XorNet()
optimizer = torch.optim.SGD(net.parameters(), lr=0.001, momentum=0.9)
criterion = nn.MSELoss()
for epoch in range(100):
    for batch in torch.randperm(6).split(32):
        optimizer.zero_grad()
        loss = criterion(net(training_data[batch]), target_data[batch])
        loss.backward()
        optimizer.step()

with torch.no_grad():
    answer = net(training_data)
print(answer.flatten().tolist())
accuracy = (answer.round() == target_data).float().mean().item()
print(f"final: eval_loss={criterion(answer, target_data).item():.4f} accuracy={accuracy:.4f}")
