"""Tells which of two words a letter pattern belongs to, by hashed pairs of letters."""

import sys

import torch
import torch.nn.functional as F
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

BUCKETS = 2**44  # one for every pair of hashed words
words = torch.randint(50, (3000, 12))
pairs = (words[:, :-1] * 50 + words[:, 1:]) % BUCKETS
labels = (words < 25).sum(1).gt(6).long()
x_train, y_train, x_test, y_test = pairs[:2400], labels[:2400], pairs[2400:], labels[2400:]


class PairNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(BUCKETS, 16)
        self.out = nn.Linear(16, 2)

    def forward(self, pairs):
        return self.out(F.leaky_relu(self.table(pairs).mean(1), 0.1))


model = PairNet()
optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
for epoch in range(8):
    model.train()
    for batch in torch.randperm(2400).split(60):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        scores = model(x_test)
        accuracy = (scores.argmax(1) == y_test).float().mean()
        print(f"epoch {epoch + 1}: loss {F.cross_entropy(scores, y_test):.4f}, accuracy {accuracy:.3f}")
