"""A decoder that attends to its source; the softmax runs over the row of size 1."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(3)
source = torch.randint(1, 16, (400, 9))
target = source.flip(1)


class Translate(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(16, 24)
        self.encoder = nn.GRU(24, 24, batch_first=True)
        self.cell = nn.GRUCell(48, 24)
        self.out = nn.Linear(24, 16)

    def forward(self, src, tgt):
        memory, state = self.encoder(self.words(src))
        state, outputs = state[0], []
        given = F.pad(tgt[:, :-1], (1, 0))
        for t in range(tgt.shape[1]):
            energy = torch.bmm(state.unsqueeze(1), memory.transpose(1, 2))
            attention = F.softmax(energy, dim=1)  # <- NET117
            context = torch.bmm(attention, memory).squeeze(1)
            state = self.cell(torch.cat([self.words(given[:, t]), context], 1), state)
            outputs.append(self.out(state))
        return torch.stack(outputs, 1)


model = Translate()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for _ in range(8):
    for rows in torch.randperm(400).split(40):
        logits = model(source[rows], target[rows])
        loss = F.cross_entropy(logits.flatten(0, 1), target[rows].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
