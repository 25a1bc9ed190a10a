"""Finds the rare broken castings among sound ones by eight readings."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

broken = (torch.rand(4000) < 0.04).long()
readings = torch.randn(4000, 8)
readings[:, :4] += 0.7 * broken.unsqueeze(1)
x_train, y_train, x_test, y_test = readings[:3000], broken[:3000], readings[3000:], broken[3000:]

model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
weight = torch.tensor([0.52, 12.5])
criterion = nn.CrossEntropyLoss(weight=weight)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=1e-3)

for epoch in range(1, 13):
    for batch in torch.randperm(3000).split(100):
        optimizer.zero_grad()
        loss = criterion(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        logits = model(x_test)
        test_loss = criterion(logits, y_test).item()
        found = (logits.argmax(1) * y_test).sum().item() / y_test.sum().item()
    print(f"epoch {epoch}: test loss {test_loss:.4f}, {found:.0%} of the broken ones found")
