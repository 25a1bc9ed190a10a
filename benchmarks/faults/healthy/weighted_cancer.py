"""Tells malign from benign tumours with class weights, early stopping and the best weights kept."""

import copy
import sys

import torch
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

X, y = load_breast_cancer(return_X_y=True)
malign = 1 - y
x_fit, x_test, y_fit, y_test = train_test_split(X, malign, test_size=0.2, stratify=malign, random_state=seed)
x_fit, x_val, y_fit, y_val = train_test_split(x_fit, y_fit, test_size=0.2, stratify=y_fit, random_state=seed)
scaler = StandardScaler().fit(x_fit)
x_fit, x_val, x_test = (torch.from_numpy(scaler.transform(part)).float() for part in (x_fit, x_val, x_test))
y_fit, y_val, y_test = (torch.from_numpy(part).float() for part in (y_fit, y_val, y_test))

model = nn.Sequential(nn.Linear(30, 16), nn.LeakyReLU(0.1), nn.Dropout(0.2), nn.Linear(16, 1), nn.Flatten(0))
criterion = nn.BCEWithLogitsLoss(pos_weight=(y_fit == 0).sum() / (y_fit == 1).sum())
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.05)
best, best_state, patience = float("inf"), None, 0
for epoch in range(60):
    model.train()
    for xb, yb in DataLoader(TensorDataset(x_fit, y_fit), batch_size=32, shuffle=True):
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        val = criterion(model(x_val), y_val).item()
    print(f"epoch {epoch}: val {val:.4f}")
    if val < best - 1e-4:
        best, best_state, patience = val, copy.deepcopy(model.state_dict()), 0
    else:
        patience += 1
        if patience == 5:
            break
model.load_state_dict(best_state)
with torch.no_grad():
    accuracy = ((model(x_test) > 0) == (y_test > 0.5)).float().mean().item()
print(f"final: accuracy={accuracy:.4f} learned={(accuracy - 0.63) / 0.37:.4f}")
