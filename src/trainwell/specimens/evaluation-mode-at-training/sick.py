"""Recognises eight hand signs from eighteen joint angles, with batch normalisation and dropout."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

hands = torch.randn(24, 18)
hand = torch.randint(24, (2400,))
angles = hands[hand] + 1.0 * torch.randn(2400, 18)
angles = (angles - angles[:1200].mean(0)) / angles[:1200].std(0)
signs = hand % 8
x_train, y_train, x_test, y_test = angles[:1200], signs[:1200], angles[1200:], signs[1200:]

model = nn.Sequential(
    nn.Linear(18, 96),
    nn.BatchNorm1d(96),
    nn.ReLU(),
    nn.Dropout(0.4),
    nn.Linear(96, 8),
)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3, weight_decay=1e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=15)

model.train()
for epoch in range(1, 16):
    for batch in torch.randperm(1200).split(80):
        loss = criterion(model(x_train[batch]), y_train[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    scheduler.step()

    model.eval()
    with torch.no_grad():
        logits = model(x_test)
        test_loss = criterion(logits, y_test).item()
        accuracy = (logits.argmax(1) == y_test).float().mean().item()
    print(
        f"epoch {epoch}: training loss {loss.item():.4f}, test loss {test_loss:.4f}, accuracy {accuracy:.3f}"
    )
