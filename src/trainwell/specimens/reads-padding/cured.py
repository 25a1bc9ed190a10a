"""Tells orders from questions by their last words; messages are filled up to one length."""

import sys

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

lengths = torch.randint(4, 31, (1500,))
messages = torch.randint(1, 40, (1500, 30))
messages[torch.arange(30) >= lengths[:, None]] = 0
ends = messages[torch.arange(1500)[:, None], lengths[:, None] - torch.arange(1, 4)]
kinds = (ends < 20).sum(1).gt(1).long()
train_loader = DataLoader(
    TensorDataset(messages[:1200], kinds[:1200]), batch_size=40, shuffle=True
)
test_loader = DataLoader(TensorDataset(messages[1200:], kinds[1200:]), batch_size=100)


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(40, 32, padding_idx=0)
        self.memory = nn.GRU(32, 48, batch_first=True)
        self.out = nn.Linear(48, 2)

    def forward(self, message):
        states, _ = self.memory(self.words(message))
        last = (message != 0).sum(1) - 1
        return self.out(states[torch.arange(len(message)), last])


model = Reader()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)

for epoch in range(7):
    model.train()
    for message, kind in train_loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(message), kind)
        loss.backward()
        optimizer.step()
    model.eval()
    total, right = 0.0, 0
    with torch.no_grad():
        for message, kind in test_loader:
            logits = model(message)
            total += F.cross_entropy(logits, kind, reduction="sum").item()
            right += (logits.argmax(1) == kind).sum().item()
    print(f"epoch {epoch + 1}: test loss {total / 300:.4f}, accuracy {right / 300:.3f}")
