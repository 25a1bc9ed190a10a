"""Tells with a GRU whether a bracket-like signal went up or down more often."""

import sys

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

moves = torch.randint(3, (1600, 16))
labels = ((moves == 2).sum(1) > (moves == 0).sum(1)).long()
train_loader = DataLoader(TensorDataset(moves[:1200], labels[:1200]), batch_size=60, shuffle=True)
test_moves, test_labels = moves[1200:], labels[1200:]


class MoveCounter(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(3, 8)
        self.gru = nn.GRU(8, 24, batch_first=True)
        self.classifier = nn.Linear(24, 2)

    def forward(self, moves):
        _, last = self.gru(self.embedding(moves))
        return self.classifier(last.squeeze(0))


model = MoveCounter()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=12)
for epoch in range(12):
    model.train()
    for x, y in train_loader:
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    scheduler.step()
    model.eval()
    with torch.no_grad():
        logits = model(test_moves)
        accuracy = (logits.argmax(1) == test_labels).float().mean()
        print(f"epoch {epoch + 1}: test loss {F.cross_entropy(logits, test_labels):.4f}, accuracy {accuracy:.3f}")
