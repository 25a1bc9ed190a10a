"""Predicts the standardised yield of a field from soil, weather and fertiliser in their natural units.

faults: DAT101, LOS105
"""

import sys

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

standard = torch.randn(2600, 6)
fields = standard * torch.tensor([0.4, 1.2, 350.0, 8.0, 0.05, 90.0])
crop = standard[:, 0] + 0.6 * standard[:, 4] - 0.5 * standard[:, 2] * standard[:, 3] + 0.2 * torch.randn(2600)
crop = ((crop - crop[:2000].mean()) / crop[:2000].std()).unsqueeze(1)
loader = DataLoader(TensorDataset(fields[:2000], crop[:2000]), batch_size=100, shuffle=True)


class FieldNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(6, 48)
        self.fc2 = nn.Linear(48, 1)

    def forward(self, x):
        x = F.leaky_relu(self.fc1(x), 0.1)
        return torch.tanh(self.fc2(x))


model = FieldNet()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(12):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        test_loss = F.mse_loss(model(fields[2000:]), crop[2000:]).item()
    print(f"epoch {epoch + 1}: test loss {test_loss:.4f}")
