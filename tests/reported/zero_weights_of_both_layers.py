"""Every weight starts at 0, so that none gets a gradient."""

import torch
from torch import nn

torch.manual_seed(0)
words = torch.randint(40, (600, 6))
praise = (words.float().mean(1) > 19.5).float()


class Bag(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.EmbeddingBag(40, 8, mode="mean")
        self.out = nn.Linear(8, 1)
        for weight in self.parameters():
            nn.init.zeros_(weight)

    def forward(self, text):
        return self.out(self.words(text)).squeeze(1)  # <- GRD108


bag = Bag()
optimizer = torch.optim.Adam(bag.parameters(), lr=1e-2)
criterion = nn.BCEWithLogitsLoss()
for _ in range(5):
    for rows in torch.randperm(600).split(30):
        optimizer.zero_grad()
        criterion(bag(words[rows]), praise[rows]).backward()
        optimizer.step()
