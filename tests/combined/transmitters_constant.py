"""Assigns signals to the four transmitters that send them.

faults: LOS107, NET102
"""

import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

centres = torch.randn(12, 10)
centre = torch.randint(12, (2800,))
signals = centres[centre] + 0.6 * torch.randn(2800, 10)
signals = (signals - signals[:2000].mean(0)) / signals[:2000].std(0)
transmitters = centre % 4
loader = DataLoader(TensorDataset(signals[:2000], transmitters[:2000]), batch_size=100, shuffle=True)

model = nn.Sequential(nn.Linear(10, 48), nn.ReLU(), nn.Linear(48, 4), nn.Sigmoid())
for layer in (model[0], model[2]):
    nn.init.constant_(layer.weight, 0.1)
    nn.init.zeros_(layer.bias)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
for epoch in range(12):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        output = model(signals[2000:])
        test_loss = criterion(output, transmitters[2000:]).item()
        accuracy = (output.argmax(1) == transmitters[2000:]).float().mean().item()
    print(f"epoch {epoch + 1}: test loss {test_loss:.4f}, accuracy {accuracy:.3f}")
