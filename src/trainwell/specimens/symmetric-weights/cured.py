"""Assigns noisy sixteen-dimensional signals to the six transmitters that send them."""

import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

signatures = torch.randn(18, 16)
signature = torch.randint(18, (3000,))
signals = signatures[signature] + 0.8 * torch.randn(3000, 16)
signals = (signals - signals[:2000].mean(0)) / signals[:2000].std(0)
transmitters = signature % 6
train_loader = DataLoader(
    TensorDataset(signals[:2000], transmitters[:2000]), batch_size=100, shuffle=True
)
test_signals, test_transmitters = signals[2000:], transmitters[2000:]


def initialise(module):
    if isinstance(module, nn.Linear):
        nn.init.kaiming_uniform_(module.weight, nonlinearity="relu")
        nn.init.zeros_(module.bias)


model = nn.Sequential(nn.Linear(16, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 6))
model.apply(initialise)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=8, gamma=0.1)

for epoch in range(12):
    model.train()
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    scheduler.step()

    model.eval()
    with torch.no_grad():
        scores = model(test_signals)
        test_loss = criterion(scores, test_transmitters)
        accuracy = (scores.argmax(1) == test_transmitters).float().mean()
    print(f"epoch {epoch + 1}: test loss {test_loss:.4f}, accuracy {accuracy:.3f}")
