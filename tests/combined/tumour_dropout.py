"""Tells malignant from benign tumours with a network that uses dropout.

faults: LOS102, MOD101
"""

import sys

import torch
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

x, y = load_breast_cancer(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.3, random_state=seed, stratify=y)
scaler = StandardScaler().fit(x_train)
x_train = torch.tensor(scaler.transform(x_train), dtype=torch.float32)
x_test = torch.tensor(scaler.transform(x_test), dtype=torch.float32)
y_train = torch.tensor(y_train, dtype=torch.float32).unsqueeze(1)
y_test = torch.tensor(y_test, dtype=torch.float32).unsqueeze(1)


class TumourNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(30, 32)
        self.dropout = nn.Dropout(0.5)
        self.out = nn.Linear(32, 1)

    def forward(self, x):
        x = torch.relu(self.hidden(x))
        return torch.sigmoid(self.out(self.dropout(x)))


model = TumourNet()
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3, weight_decay=1e-3)
for epoch in range(1, 26):
    for batch in torch.randperm(len(x_train)).split(50):
        optimizer.zero_grad()
        loss = criterion(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        output = model(x_test)
        accuracy = ((torch.sigmoid(output) > 0.5) == (y_test > 0.5)).float().mean()
    if epoch % 5 == 0:
        print(f"epoch {epoch}: test loss {criterion(output, y_test).item():.4f}, accuracy {accuracy.item():.3f}")
