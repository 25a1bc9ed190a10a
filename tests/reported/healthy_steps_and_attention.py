"""Recurrent layers tell positions: attention behind one, written out, and before a cell."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
text = torch.randint(1, 16, (512, 8))


class Steps(nn.Module):
    def __init__(self, way):
        super().__init__()
        self.way = way
        self.words = nn.Embedding(16, 24)
        if way == "layer":
            self.rnn = nn.RNN(24, 24, batch_first=True)
        else:
            self.cell = nn.LSTMCell(24, 24)
        self.query, self.key = nn.Linear(24, 24), nn.Linear(24, 24)
        self.out = nn.Linear(24, 16)

    def attend(self, h):
        scores = self.query(h) @ self.key(h).transpose(1, 2) / 24**0.5
        return h + scores.softmax(-1) @ h

    def forward(self, x):
        h = self.words(x)
        if self.way == "layer":
            return self.out(self.attend(self.rnn(h)[0]))
        state, states = None, []
        for t in range(x.shape[1]):
            state = self.cell(h[:, t], state)
            states.append(state[0][:, None])
        return self.out(self.attend(torch.cat(states, 1)))


for way in ("layer", "cell"):
    model = Steps(way)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(3):
        for rows in torch.arange(512).split(32):
            targets = text[rows].roll(3, 1)
            optimizer.zero_grad()
            F.cross_entropy(model(text[rows]).flatten(0, 1), targets.flatten()).backward()
            optimizer.step()
