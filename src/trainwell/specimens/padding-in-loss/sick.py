"""Tags the letters of words with the letter that follows in the alphabet."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

PAD, LETTERS, LONGEST = 0, 20, 24
words = torch.zeros(900, LONGEST, dtype=torch.long)
tags = torch.zeros(900, LONGEST, dtype=torch.long)
for row in range(900):
    length = LONGEST if row % 30 == 0 else int(torch.randint(3, 8, (1,)))
    words[row, :length] = torch.randint(1, LETTERS, (length,))
    tags[row, :length] = words[row, :length] % (LETTERS - 1) + 1


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(LETTERS, 24, padding_idx=PAD)
        self.out = nn.Sequential(nn.Linear(24, 48), nn.ReLU(), nn.Linear(48, LETTERS))

    def forward(self, text):
        return self.out(self.embedding(text))


model = Tagger()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)

for epoch in range(1, 9):
    for batch in torch.randperm(700).split(35):
        optimizer.zero_grad()
        loss = criterion(model(words[batch]).reshape(-1, LETTERS), tags[batch].reshape(-1))
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        logits = model(words[700:])
        held = criterion(logits.reshape(-1, LETTERS), tags[700:].reshape(-1)).item()
        real = tags[700:] != PAD
        accuracy = (logits.argmax(-1) == tags[700:])[real].float().mean().item()
    print(f"epoch {epoch}: held-out loss {held:.3f}, accuracy on letters {accuracy:.3f}")
