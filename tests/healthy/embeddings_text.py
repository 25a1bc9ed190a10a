"""Classifies short texts of invented words as praise or complaint with an embedding bag."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

vocabulary, length = 200, 20
mood = torch.zeros(vocabulary)
mood[:30], mood[30:60] = 1.0, -1.0
texts = torch.randint(vocabulary, (3500, length))
praise = (mood[texts].sum(1) + 0.8 * torch.randn(3500) > 0).float()
x_train, y_train, x_test, y_test = texts[:2800], praise[:2800], texts[2800:], praise[2800:]


class TextClassifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.EmbeddingBag(vocabulary, 8, mode="mean")
        self.out = nn.Linear(8, 1)

    def forward(self, texts):
        return self.out(self.words(texts)).squeeze(1)


model = TextClassifier()
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.AdamW(model.parameters(), lr=0.02, weight_decay=0.1)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=8)
for epoch in range(8):
    model.train()
    for batch in torch.randperm(2800).split(100):
        optimizer.zero_grad()
        loss = criterion(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    scheduler.step()
    model.eval()
    with torch.no_grad():
        logits = model(x_test)
        test_loss = criterion(logits, y_test).item()
        accuracy = ((logits > 0) == (y_test > 0.5)).float().mean().item()
    print(f"epoch {epoch + 1}: test loss {test_loss:.4f}, accuracy {accuracy:.3f}")
