"""Reverses sequences of symbols with an attentive encoder and decoder, taught by teacher forcing."""

import sys

import torch
import torch.nn.functional as F
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

symbols, length, width = 8, 6, 48
start = symbols


class Reverser(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(symbols + 1, 24)
        self.encoder = nn.GRU(24, width, batch_first=True)
        self.decoder = nn.GRU(24, width, batch_first=True)
        self.query = nn.Linear(width, width, bias=False)
        self.out = nn.Linear(2 * width, symbols)

    def forward(self, source, previous):
        memory, state = self.encoder(self.embed(source))
        hidden, _ = self.decoder(self.embed(previous), state)
        weights = torch.softmax(self.query(hidden) @ memory.transpose(1, 2) / width**0.5, dim=-1)
        return self.out(torch.cat([hidden, weights @ memory], dim=-1))


def batch(count):
    source = torch.randint(symbols, (count, length))
    target = source.flip(1)
    return source, torch.cat([torch.full((count, 1), start), target[:, :-1]], 1), target


net = Reverser()
optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
for step in range(300):
    source, previous, target = batch(64)
    loss = F.cross_entropy(net(source, previous).transpose(1, 2), target)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimizer.step()
    if step % 50 == 49:
        with torch.no_grad():
            source, previous, target = batch(200)
            scores = net(source, previous)
            accuracy = (scores.argmax(-1) == target).float().mean().item()
            val = F.cross_entropy(scores.transpose(1, 2), target).item()
        print(f"step {step + 1}: train {loss.item():.3f} fresh {val:.3f} symbols right {accuracy:.3f}")
print(f"final: eval_loss={val:.4f} accuracy={accuracy:.4f} learned={(accuracy - 1 / 8) * 8 / 7:.4f}")
