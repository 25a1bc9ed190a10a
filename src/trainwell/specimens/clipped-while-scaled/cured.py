"""Tells five kinds of bottles apart by nine measurements."""

import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

moulds = torch.randn(15, 9)
mould = torch.randint(15, (2400,))
bottles = moulds[mould] + 0.6 * torch.randn(2400, 9)
bottles = (bottles - bottles[:1800].mean(0)) / bottles[:1800].std(0)
kinds = mould % 5
loader = DataLoader(TensorDataset(bottles[:1800], kinds[:1800]), batch_size=60, shuffle=True)

model = nn.Sequential(nn.Linear(9, 64), nn.GELU(), nn.Linear(64, 5))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
scaler = torch.amp.GradScaler("cpu")

for epoch in range(12):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
    model.eval()
    with torch.no_grad():
        scores = model(bottles[1800:])
        test_loss = criterion(scores, kinds[1800:])
        accuracy = (scores.argmax(1) == kinds[1800:]).float().mean()
    print(f"epoch {epoch + 1}: test loss {test_loss:.4f}, accuracy {accuracy:.3f}")
