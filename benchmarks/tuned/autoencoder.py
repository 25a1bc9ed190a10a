import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

HIDDEN = 32
LEAK = 0.1
torch.manual_seed(0)
x = torch.tensor(load_digits().data / 16, dtype=torch.float32)
x = x[torch.randperm(len(x))]
loader = DataLoader(TensorDataset(x[:600]), batch_size=32, shuffle=True)
model = nn.Sequential(
    nn.Linear(64, HIDDEN), nn.LeakyReLU(LEAK), nn.Linear(HIDDEN, 8),
    nn.Linear(8, HIDDEN), nn.LeakyReLU(LEAK), nn.Linear(HIDDEN, 64),
)
optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
for epoch in range(8):
    for (a,) in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(a), a).backward()
        optimizer.step()
    with torch.no_grad():
        print(nn.functional.mse_loss(model(x[600:]), x[600:]).item())
