"""Learns to tell three species of iris apart from the sizes of their petals and sepals."""

import sys

import torch
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

sizes, species = load_iris(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(
    sizes, species, test_size=0.4, random_state=seed, stratify=species
)
scaler = StandardScaler()
x_train = torch.tensor(scaler.fit_transform(x_train), dtype=torch.float32)
x_test = torch.tensor(scaler.transform(x_test), dtype=torch.float32)
y_train, y_test = torch.tensor(y_train), torch.tensor(y_test)

model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 3))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.02, weight_decay=0.01)

for epoch in range(1, 201):
    model.train()
    optimizer.zero_grad()
    loss = criterion(model(x_train), y_train)
    loss.backward()
    if epoch % 20 == 0:
        model.eval()
        with torch.no_grad():
            logits = model(x_test)
            test_loss = criterion(logits, y_test).item()
            accuracy = (logits.argmax(dim=1) == y_test).float().mean().item()
        print(
            f"epoch {epoch}: loss {loss.item():.4f}, test loss {test_loss:.4f}, accuracy {accuracy:.3f}"
        )
