"""A function with a different rule in each quarter, learned by softly gated experts."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)


class Experts(nn.Module):
    def __init__(self, count=4):
        super().__init__()
        self.gate = nn.Linear(2, count)
        self.experts = nn.ModuleList(nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1)) for _ in range(count))

    def forward(self, x):
        share = self.gate(x).softmax(dim=1)
        answers = torch.cat([expert(x) for expert in self.experts], dim=1)
        return (share * answers).sum(dim=1), share


def rule(x):
    quarter = (x[:, 0] > 0).long() * 2 + (x[:, 1] > 0).long()
    candidates = torch.stack([x[:, 0] * 2, -x[:, 1], x[:, 0] + x[:, 1], 1 - x[:, 0]], 1)
    return candidates.gather(1, quarter.unsqueeze(1)).squeeze(1) + 0.05 * torch.randn(len(x))


x = torch.rand(2600, 2) * 2 - 1
y = rule(x)
train, test = slice(0, 2000), slice(2000, 2600)
net = Experts()
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
for epoch in range(30):
    for batch in torch.randperm(2000).split(80):
        answer, share = net(x[batch])
        balance = share.mean(0).square().sum() * 4 - 1
        loss = (answer - y[batch]).square().mean() + 0.01 * balance
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch % 5 == 4:
        with torch.no_grad():
            error = (net(x[test])[0] - y[test]).square().mean().item()
        print(f"epoch {epoch + 1}: {error:.4f}")
print(f"final: eval_loss={error:.4f} learned={1 - error / y[test].var().item():.4f}")
