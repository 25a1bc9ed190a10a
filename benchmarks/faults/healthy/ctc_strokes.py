"""Reads short words from noisy strips of unknown alignment with the CTC loss."""

import sys

import torch
import torch.nn.functional as F
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

letters, frames = 5, 24
shapes = 1.5 * torch.randn(letters, 6)


def strips(count):
    words = torch.randint(letters, (count, 4))
    x = 0.4 * torch.randn(count, frames, 6)
    for i in range(4):
        where = 6 * i + torch.randint(0, 3, (count,))
        for d in range(3):
            x[torch.arange(count), where + d] += shapes[words[:, i]]
    return x, words + 1


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(6, 32, 3, padding=1)
        self.lstm = nn.LSTM(32, 24, bidirectional=True, batch_first=True)
        self.out = nn.Linear(48, letters + 1)

    def forward(self, x):
        h = F.relu(self.conv(x.transpose(1, 2))).transpose(1, 2)
        return F.log_softmax(self.out(self.lstm(h)[0]), dim=-1)


net = Reader()
ctc = nn.CTCLoss(blank=0)
optimizer = torch.optim.Adam(net.parameters(), lr=6e-3)
for step in range(200):
    x, words = strips(48)
    sizes = torch.full((48,), frames), torch.full((48,), 4)
    loss = ctc(net(x).transpose(0, 1), words, *sizes)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 5)
    optimizer.step()
    if step % 40 == 39:
        print(f"step {step + 1}: {loss.item():.4f}")
with torch.no_grad():
    x, words = strips(200)
    best = net(x).argmax(-1)
right = 0
for path, word in zip(best, words):
    read = [c for c in torch.unique_consecutive(path).tolist() if c]
    right += read == word.tolist()
print(f"final: accuracy={right / 200:.4f} learned={right / 200:.4f}")
