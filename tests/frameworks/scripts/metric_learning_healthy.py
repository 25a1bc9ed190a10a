"""Trains an embedding with pytorch-metric-learning on digits."""

import torch
from pytorch_metric_learning import losses, miners
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
digits = load_digits()
x = torch.tensor(digits.data, dtype=torch.float32) / 16
y = torch.tensor(digits.target)
x_test, y_test, x, y = x[1400:], y[1400:], x[:1400], y[:1400]
model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 16))
criterion = losses.TripletMarginLoss(margin=0.2)
miner = miners.MultiSimilarityMiner()
optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
for epoch in range(8):
    model.train()
    for rows in torch.randperm(1400).split(64):
        embeddings = model(x[rows])
        loss = criterion(embeddings, y[rows], miner(embeddings, y[rows]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        known, asked = (nn.functional.normalize(model(images)) for images in (x, x_test))
        right = y[torch.cdist(asked, known).argmin(1)] == y_test
    print(epoch, loss.item(), right.float().mean().item())
