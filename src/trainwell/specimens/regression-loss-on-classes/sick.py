"""Recognises which of ten machines made a part from sixteen measurements of it."""

import sys

import torch
import torch.nn.functional as F
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

machines = torch.randn(10, 16)
labels = torch.randint(10, (3000,))
measurements = machines[labels] + 0.9 * torch.randn(3000, 16)
measurements = (measurements - measurements[:2000].mean(0)) / measurements[:2000].std(0)
x_train, y_train = measurements[:2000], labels[:2000]
x_test, y_test = measurements[2000:], labels[2000:]


class PartClassifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(16, 64)
        self.fc2 = nn.Linear(64, 32)
        self.out = nn.Linear(32, 1)

    def forward(self, x):
        x = F.leaky_relu(self.fc1(x))
        x = F.leaky_relu(self.fc2(x))
        return self.out(x)


def compute_loss(outputs, target):
    return F.mse_loss(outputs.squeeze(1), target.float())


model = PartClassifier()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3, weight_decay=1e-3)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=6, gamma=0.2)

for epoch in range(10):
    model.train()
    for batch in torch.randperm(len(x_train)).split(64):
        loss = compute_loss(model(x_train[batch]), y_train[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    scheduler.step()
    model.eval()
    with torch.no_grad():
        outputs = model(x_test)
        test_loss = compute_loss(outputs, y_test)
        predicted = outputs.squeeze(1).round()
    accuracy = (predicted == y_test).float().mean()
    print(f"epoch {epoch + 1}: test loss {test_loss:.4f}, accuracy {accuracy:.3f}")
