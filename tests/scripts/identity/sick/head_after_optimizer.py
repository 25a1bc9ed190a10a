"""A new head is put on after the optimizer took the parameters."""
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(1400, 8)
y = x[:, :5].argmax(1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(8, 32), nn.ReLU())
        self.fc = nn.Linear(32, 10)

    def forward(self, x):
        return self.fc(self.body(x))


model = Net()
optimizer = torch.optim.Adam(model.parameters(), 1e-3)
model.fc = nn.Linear(32, 5)  # FAULT
for epoch in range(10):
    for i in torch.randperm(1000).split(50):
        loss = nn.functional.cross_entropy(model(x[i]), y[i])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        print(nn.functional.cross_entropy(model(x[1000:]), y[1000:]).item())
