"""Predicts from ten answers of a questionnaire whether a customer will come back."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

answers = torch.randn(1000, 10)
tendency = answers[:, 0] + 0.7 * answers[:, 1] - 0.5 * answers[:, 2] + 1.0 * torch.randn(1000)
returns = (tendency > 0).float().unsqueeze(1)
answers = (answers - answers[:200].mean(0)) / answers[:200].std(0)
x_train, y_train, x_val, y_val = answers[:200], returns[:200], answers[200:], returns[200:]

model = nn.Sequential(
    nn.Linear(10, 128), nn.LeakyReLU(), nn.Linear(128, 128), nn.LeakyReLU(), nn.Linear(128, 1)
)
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3, weight_decay=0.0)

for epoch in range(1, 61):
    model.train()
    for batch in torch.randperm(200).split(50):
        optimizer.zero_grad()
        loss = criterion(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        train_loss = criterion(model(x_train), y_train).item()
        logits = model(x_val)
        val_loss = criterion(logits, y_val).item()
        accuracy = ((logits > 0) == (y_val > 0.5)).float().mean().item()
    if epoch % 5 == 0:
        print(
            f"epoch {epoch}: training loss {train_loss:.4f}, validation loss {val_loss:.4f}, accuracy {accuracy:.3f}"
        )
