import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

HIDDEN = 16
LAYERS = 1
torch.manual_seed(0)
# Which of two symbols stood first, told at the end of a noisy sequence.
x = torch.randn(600, 12, 2)
y = torch.randint(0, 2, (600,))
x[torch.arange(600), 0, y] += 3
loader = DataLoader(TensorDataset(x[:400], y[:400]), batch_size=32, shuffle=True)
model = nn.LSTM(2, HIDDEN, LAYERS, batch_first=True)
head = nn.Linear(HIDDEN, 2)
optimizer = torch.optim.Adam([*model.parameters(), *head.parameters()], lr=0.001)
for epoch in range(5):
    for a, b in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(head(model(a)[0][:, -1]), b).backward()
        optimizer.step()
    with torch.no_grad():
        print(nn.functional.cross_entropy(head(model(x[400:])[0][:, -1]), y[400:]).item())
