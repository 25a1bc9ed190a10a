"""A reader that compares a question with all words, unscaled, and reads one of them."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(3)
keys = torch.rand(600, 24).argsort(1)[:, :12]
values = torch.randint(6, (600, 12))
asked = torch.randint(12, (600,))
question, answer = keys[torch.arange(600), asked], values[torch.arange(600), asked]


class Memory(nn.Module):
    def __init__(self, d=200):
        super().__init__()
        self.names, self.things = nn.Embedding(24, d), nn.Embedding(6, d)
        self.ask, self.offer = nn.Linear(d, d), nn.Linear(d, d)
        self.tell = nn.Linear(d, 6)

    def forward(self, keys, values, question):
        asks = self.ask(self.names(question)).unsqueeze(1)
        offers = self.offer(self.names(keys) + self.things(values))
        match = torch.bmm(asks, offers.transpose(1, 2))
        shares = F.softmax(match, dim=2)  # <- NET118
        return self.tell(torch.bmm(shares, self.things(values)).squeeze(1))


model = Memory()
nn.init.normal_(model.ask.weight, std=0.07)
nn.init.normal_(model.offer.weight, std=0.07)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for _ in range(8):
    for rows in torch.randperm(600).split(40):
        optimizer.zero_grad()
        F.cross_entropy(model(keys[rows], values[rows], question[rows]), answer[rows]).backward()
        optimizer.step()
