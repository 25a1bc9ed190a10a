"""The best weights are kept as references, and loaded at the end."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(8)
x = torch.randn(700, 20)
y = (x[:, 0] + x[:, 1] * x[:, 2] > 0).long()
loader = DataLoader(TensorDataset(x[:300], y[:300]), 30, shuffle=True)
model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 2))
optimizer = torch.optim.SGD(model.parameters(), 0.02)
best, best_state = float("inf"), None
for epoch in range(12):
    for a, b in loader:
        loss = nn.functional.cross_entropy(model(a), b)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        held_out = nn.functional.cross_entropy(model(x[300:]), y[300:]).item()
    if held_out < best and epoch < 6:
        best, best_state = held_out, model.state_dict()  # FAULT
model.load_state_dict(best_state)
with torch.no_grad():
    print(best, nn.functional.cross_entropy(model(x[300:]), y[300:]).item())
