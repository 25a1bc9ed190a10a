"""The mean of word vectors, with zeros for padding: a bag of words, whatever the padding."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
n = torch.randint(3, 24, (600,))
n[0] = 60
text = torch.randint(1, 20, (600, 60))
text[torch.arange(60) >= n[:, None]] = 0
label = (text == 5).any(1).long()

model = nn.ModuleDict(
    {
        "words": nn.Embedding(20, 32, padding_idx=0),
        "one": nn.Linear(32, 32),
        "two": nn.Linear(32, 2),
    }
)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
for _ in range(8):
    for part in torch.randperm(600).split(30):
        optimizer.zero_grad()
        h = model["words"](text[part]).mean(1)
        F.cross_entropy(model["two"](model["one"](h).relu()), label[part]).backward()
        optimizer.step()
