"""Trains on digits with Accelerate."""

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

set_seed(0)
digits = load_digits()
x = torch.tensor(digits.data, dtype=torch.float32) / 16
y = torch.tensor(digits.target)
x_test, y_test, x, y = x[1400:], y[1400:], x[:1400], y[:1400]
accelerator = Accelerator(cpu=True)
model = nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 9 * 44)
loader, test_loader = DataLoader(TensorDataset(x, y), 32, shuffle=True), DataLoader(TensorDataset(x_test, y_test), 200)
model, optimizer, loader, test_loader, scheduler = accelerator.prepare(model, optimizer, loader, test_loader, scheduler)
for epoch in range(9):
    model.train()
    for images, labels in loader:
        loss = nn.functional.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        accelerator.backward(loss)
        optimizer.step()
        scheduler.step()
    model.eval()
    with torch.no_grad():
        losses = [nn.functional.cross_entropy(model(images), labels).item() for images, labels in test_loader]
    print(epoch, loss.item(), losses)
