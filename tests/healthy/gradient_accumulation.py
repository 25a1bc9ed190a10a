"""Trains with batches too big for one pass: four micro-batches a step."""

import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

centres = torch.randn(18, 10)
centre = torch.randint(18, (3000,))
x = centres[centre] + 0.7 * torch.randn(3000, 10)
x = (x - x[:2400].mean(0)) / x[:2400].std(0)
y = centre % 6
loader = DataLoader(TensorDataset(x[:2400], y[:2400]), batch_size=25, shuffle=True)
micro_batches = 4

model = nn.Sequential(nn.Linear(10, 64), nn.ReLU(), nn.Linear(64, 6))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=8e-3, weight_decay=2e-3)

for epoch in range(8):
    model.train()
    optimizer.zero_grad()
    for index, (inputs, targets) in enumerate(loader):
        loss = criterion(model(inputs), targets)
        (loss / micro_batches).backward()
        if (index + 1) % micro_batches == 0:
            optimizer.step()
            optimizer.zero_grad()
    model.eval()
    with torch.no_grad():
        logits = model(x[2400:])
        test_loss = criterion(logits, y[2400:]).item()
        accuracy = (logits.argmax(1) == y[2400:]).float().mean().item()
    print(f"epoch {epoch + 1}: test loss {test_loss:.4f}, accuracy {accuracy:.3f}")
