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
        self.first = nn.Linear(2, 8)
        self.second = nn.Linear(8, 8)
        self.last = nn.Linear(8, 1)
        for layer in (self.first, self.second, self.last):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        x = torch.tanh(self.first(x))
        x = torch.tanh(self.second(x))
        return torch.sigmoid(self.last(x))


net = XorNet()
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
criterion = nn.BCELoss()
for epoch in range(300):
    for batch in torch.randperm(6).split(3):
        optimizer.zero_grad()
        loss = criterion(net(training_data[batch]), target_data[batch])
        loss.backward()
        optimizer.step()

with torch.no_grad():
    answer = net(training_data)
print(answer.flatten().tolist())
accuracy = (answer.round() == target_data).float().mean().item()
print(f"final: eval_loss={criterion(answer, target_data).item():.4f} accuracy={accuracy:.4f}")
