"""Predicts which of three labels a document carries, from 20 word counts."""

import sys

import torch
import torch.nn.functional as F
from sklearn.datasets import make_multilabel_classification
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

counts, tags = make_multilabel_classification(n_samples=4000, n_features=20, n_classes=3, random_state=100 + seed)
X = torch.tensor(counts, dtype=torch.float32)
Y = torch.tensor(tags, dtype=torch.float32)
X_train, Y_train, X_test, Y_test = X[:3200], Y[:3200], X[3200:], Y[3200:]


class TagNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(20, 20)
        self.fc2 = nn.Linear(20, 20)
        self.out = nn.Linear(20, 3)

    def forward(self, x):
        x = F.dropout(F.relu(self.fc1(x)), 0.5, self.training)
        x = F.dropout(F.relu(self.fc2(x)), 0.5, self.training)
        return F.softmax(self.out(x), dim=1)


model = TagNet()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for epoch in range(20):
    model.train()
    for batch in torch.randperm(3200).split(20):
        optimizer.zero_grad()
        loss = F.mse_loss(model(X_train[batch]), Y_train[batch])
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        predicted = model(X_test)
        test_loss = F.mse_loss(predicted, Y_test)
        accuracy = ((predicted > 0.5) == (Y_test > 0.5)).float().mean()
    print(f"epoch {epoch}: test loss {test_loss:.4f} accuracy {accuracy:.4f}")
print(f"final: eval_loss={test_loss:.4f} accuracy={accuracy:.4f}")
