"""Forecasts the next value of two mixed waves with dilated causal convolutions."""

import sys

import torch
import torch.nn as nn
import torch.nn.functional as F

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

time = torch.arange(1600.0)
series = torch.sin(time / 7) + 0.5 * torch.sin(time / 2.9 + 1) + 0.1 * torch.randn(1600)
series = (series - series[:1200].mean()) / series[:1200].std()
windows = series.unfold(0, 33, 1)
train, test = windows[:1160], windows[1200:]


class Causal(nn.Conv1d):
    def forward(self, x):
        return super().forward(F.pad(x, (self.dilation[0], 0)))


class TCN(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = Causal(1, 16, 2)
        self.deep = nn.ModuleList(Causal(16, 16, 2, dilation=d) for d in (2, 4, 8, 16))
        self.last = nn.Conv1d(16, 1, 1)

    def forward(self, x):
        h = self.first(x)
        for layer in self.deep:
            h = h + F.relu(layer(F.layer_norm(h.transpose(1, 2), (16,)).transpose(1, 2)))
        return self.last(h)[:, 0, -1]


net = TCN()
optimizer = torch.optim.Adam(net.parameters(), lr=4e-3)
for epoch in range(8):
    for batch in train[torch.randperm(len(train))].split(64):
        optimizer.zero_grad()
        loss = F.huber_loss(net(batch[:, None, :-1]), batch[:, -1])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        guess = net(test[:, None, :-1])
        val = F.huber_loss(guess, test[:, -1]).item()
    print(f"epoch {epoch}: val {val:.4f}")
r2 = 1 - F.mse_loss(guess, test[:, -1]).item() / test[:, -1].var().item()
print(f"final: eval_loss={val:.4f} learned={r2:.4f}")
