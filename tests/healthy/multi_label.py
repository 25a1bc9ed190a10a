"""Marks which of five independent defects a product shows."""

import sys

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

causes = torch.randn(12, 5)
x = torch.randn(3000, 12)
y = (torch.tanh(x) @ causes + 0.5 * torch.randn(3000, 5) > 0).float()
loader = DataLoader(TensorDataset(x[:2200], y[:2200]), batch_size=100, shuffle=True)
x_test, y_test = x[2200:], y[2200:]


class DefectNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(12, 32)
        self.fc2 = nn.Linear(32, 5)

    def forward(self, x):
        return self.fc2(F.elu(self.fc1(x)))


model = DefectNet()
optimizer = torch.optim.Adam(model.parameters(), lr=0.005, weight_decay=1e-3)
for epoch in range(10):
    model.train()
    for inputs, targets in loader:
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(model(inputs), targets)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        logits = model(x_test)
        test_loss = F.binary_cross_entropy_with_logits(logits, y_test).item()
        accuracy = ((torch.sigmoid(logits) > 0.5) == (y_test > 0.5)).float().mean().item()
    print(f"epoch {epoch + 1}: test loss {test_loss:.4f}, accuracy {accuracy:.3f}")
