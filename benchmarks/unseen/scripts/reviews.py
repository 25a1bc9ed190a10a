"""Reads short reviews as words, and says whether they praise; the words were numbered before."""

import sys

import numpy as np
import torch
from torch import nn

folder, seed = sys.argv[1], int(sys.argv[2])
torch.manual_seed(seed)
held = {name: np.load(f"{folder}/{name}.npz") for name in ("train", "test")}
words = {name: torch.tensor(h["words"]) for name, h in held.items()}
praise = {name: torch.tensor(h["praise"]) for name, h in held.items()}


class Reader(nn.Module):
    def __init__(self, vocabulary=120, width=24):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width, padding_idx=0)
        self.rnn = nn.RNN(width, 32, batch_first=True)
        self.out = nn.Linear(32, 2)

    def forward(self, text):
        states, _ = self.rnn(self.embedding(text))
        return self.out(states[:, -1])


reader = Reader()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(reader.parameters(), lr=4e-3)
for epoch in range(8):
    reader.train()
    order = torch.randperm(len(praise["train"]))
    for start in range(0, len(order), 40):
        rows = order[start : start + 40]
        optimizer.zero_grad()
        loss = criterion(reader(words["train"][rows]), praise["train"][rows])
        loss.backward()
        optimizer.step()
    reader.eval()
    with torch.inference_mode():
        logits = torch.cat([reader(some) for some in words["test"].split(100)])
        test_loss = criterion(logits, praise["test"]).item()
    accuracy = (logits.argmax(1) == praise["test"]).float().mean().item()
    print(f"{epoch}: {loss.item():.3f} {test_loss:.3f} {accuracy:.3f}")
print(f"final: accuracy={accuracy:.4f}")
