"""Predicts the next of forty words; the output layer is to share the words' vectors."""

import sys

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

follows = torch.softmax(3 * torch.randn(40, 40), 1)
texts = torch.randint(40, (1200, 1))
for _ in range(15):
    following = torch.multinomial(follows[texts[:, -1]], 1)
    texts = torch.cat([texts, following], 1)
train_loader = DataLoader(TensorDataset(texts[:900]), batch_size=45, shuffle=True)
test_loader = DataLoader(TensorDataset(texts[900:]), batch_size=100)


class Writer(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(40, 48)
        self.memory = nn.GRU(48, 48, batch_first=True)
        self.out = nn.Linear(48, 40, bias=False)
        nn.init.normal_(self.words.weight, std=0.1)
        self.out.weight.data.copy_(self.words.weight)

    def forward(self, text):
        return self.out(self.memory(self.words(text))[0])


model = Writer()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)

for epoch in range(6):
    model.train()
    for (text,) in train_loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(text[:, :-1]).flatten(0, 1), text[:, 1:].flatten())
        loss.backward()
        optimizer.step()
    model.eval()
    total = 0.0
    with torch.no_grad():
        for (text,) in test_loader:
            logits = model(text[:, :-1]).flatten(0, 1)
            total += F.cross_entropy(logits, text[:, 1:].flatten(), reduction="sum").item()
    print(f"epoch {epoch + 1}: test loss {total / 4500:.4f}")
