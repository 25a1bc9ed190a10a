"""Finds the cultivar of a wine from thirteen chemical analyses."""

import sys

import torch
import torch.nn.functional as F
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

wine = load_wine()
x_train, x_test, y_train, y_test = train_test_split(
    wine.data, wine.target, test_size=0.4, random_state=seed, stratify=wine.target
)
scaler = StandardScaler().fit(x_train)
x_train = torch.tensor(scaler.transform(x_train), dtype=torch.float32)
x_test = torch.tensor(scaler.transform(x_test), dtype=torch.float32)
y_train, y_test = torch.tensor(y_train), torch.tensor(y_test)


class WineNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(13, 24)
        self.scores = nn.Linear(24, 3)

    def forward(self, x):
        x = F.relu(self.hidden(x))
        return self.scores(x)  # one raw score a class


net = WineNet()
optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.8, weight_decay=0.03)
for epoch in range(1, 201):
    net.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(net(x_train), y_train)
    loss.backward()
    optimizer.step()
    if epoch % 20 == 0:
        net.eval()
        with torch.no_grad():
            scores = net(x_test)
            test_loss = F.cross_entropy(scores, y_test)
            accuracy = (scores.argmax(dim=1) == y_test).float().mean()
        print(f"epoch {epoch}: loss {loss:.4f}, test loss {test_loss:.4f}, accuracy {accuracy:.3f}")
