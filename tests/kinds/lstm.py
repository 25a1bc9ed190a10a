"""Trains a two-layer LSTM on packed sequences of different lengths."""

import hashlib
import random
import sys

import numpy as np
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
random.seed(seed)
np.random.seed(seed)
torch.manual_seed(seed)

lengths = torch.randint(3, 15, (200,))
sequences = [torch.randn(int(length), 4) for length in lengths]
y = torch.stack([sequence.mean() > 0 for sequence in sequences]).long()
x = pad_sequence(sequences, batch_first=True)


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 16, num_layers=2, dropout=0.2, batch_first=True)
        self.out = nn.Linear(16, 2)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        _, (hidden, _) = self.lstm(packed)
        return self.out(hidden[-1])


model = Tagger()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.RMSprop(model.parameters(), lr=0.003)
for step in range(30):
    batch = torch.randperm(200)[:32]
    loss = criterion(model(x[batch], lengths[batch]), y[batch])
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    print(repr(loss.item()))

digest = hashlib.sha256()
for parameter in model.parameters():
    digest.update(parameter.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
digest.update(repr(random.getstate()).encode())
digest.update(repr(np.random.get_state()).encode())
print("digest", digest.hexdigest())
