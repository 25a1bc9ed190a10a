"""Predicts the progression of diabetes a year on, from standardised measurements."""

import sys

import torch
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

x, y = load_diabetes(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(x, y[:, None], test_size=0.25, random_state=seed)
x_scaler, y_scaler = StandardScaler().fit(x_train), StandardScaler().fit(y_train)
x_train, x_test = (torch.tensor(x_scaler.transform(part), dtype=torch.float32) for part in (x_train, x_test))
y_train, y_test = (torch.tensor(y_scaler.transform(part), dtype=torch.float32) for part in (y_train, y_test))

model = nn.Sequential(nn.Linear(10, 8), nn.ReLU(), nn.Linear(8, 1))
criterion = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.02, weight_decay=0.15)

for epoch in range(1, 31):
    model.train()
    for batch in torch.randperm(len(x_train)).split(34):
        optimizer.zero_grad()
        loss = criterion(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        test_loss = criterion(model(x_test), y_test).item()
    if epoch % 2 == 0:
        print(f"epoch {epoch}: test loss {test_loss:.4f} (the mean alone: {y_test.var().item():.4f})")
