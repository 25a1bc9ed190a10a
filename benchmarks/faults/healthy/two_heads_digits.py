"""One body, two tasks: which digit it is, and how much ink was used."""

import sys

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

images, labels = load_digits(return_X_y=True)
x = torch.tensor(images / 16, dtype=torch.float32)
y = torch.tensor(labels)
ink = x.sum(1, keepdim=True)
x, ink = (x - x.mean()) / x.std(), (ink - ink.mean()) / ink.std()
mixed = torch.randperm(len(x))
train, test = mixed[:1400], mixed[1400:]


class TwoHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(64, 80), nn.Hardswish(), nn.LayerNorm(80), nn.Linear(80, 40), nn.Hardswish())
        self.digit = nn.Linear(40, 10)
        self.ink = nn.Linear(40, 1)

    def forward(self, x):
        h = self.body(x)
        return self.digit(h), self.ink(h)


net = TwoHeads()
optimizer = torch.optim.AdamW(
    [{"params": net.body.parameters(), "lr": 2e-3}, {"params": [*net.digit.parameters(), *net.ink.parameters()], "lr": 4e-3}],
    weight_decay=0.05,
)
cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=[2e-3, 4e-3], total_steps=10 * 28)
for epoch in range(10):
    net.train()
    for idx in train[torch.randperm(1400)].split(50):
        digit, amount = net(x[idx])
        loss = F.cross_entropy(digit, y[idx], label_smoothing=0.05) + 0.5 * F.mse_loss(amount, ink[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        cycle.step()
    net.eval()
    with torch.no_grad():
        digit, amount = net(x[test])
        accuracy = (digit.argmax(1) == y[test]).float().mean().item()
        error = F.mse_loss(amount, ink[test]).item()
    print(f"epoch {epoch}: accuracy {accuracy:.3f}, ink error {error:.4f}")
print(f"final: accuracy={accuracy:.4f} ink={error:.4f} learned={min((accuracy - 0.1) / 0.9, 1 - error):.4f}")
