"""Predicts a two-branched relation with a mixture density network."""

import math
import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)


def sample(count):
    x = torch.rand(count, 1) * 2 - 1
    branch = torch.where(torch.rand(count, 1) < 0.5, 1.0, -1.0)
    return x, branch * (0.5 + 0.4 * torch.sin(3 * x)) + 0.08 * torch.randn(count, 1)


class MDN(nn.Module):
    def __init__(self, parts=4):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(1, 40), nn.Tanh(), nn.Linear(40, 40), nn.Tanh())
        self.weight, self.mean, self.log_std = nn.Linear(40, parts), nn.Linear(40, parts), nn.Linear(40, parts)

    def forward(self, x):
        h = self.body(x)
        return torch.log_softmax(self.weight(h), dim=1), self.mean(h), self.log_std(h).clamp(-5, 2)


def negative_log_likelihood(parameters, y):
    log_weight, mean, log_std = parameters
    log_p = -0.5 * ((y - mean) / log_std.exp()) ** 2 - log_std - 0.5 * math.log(2 * math.pi)
    return -torch.logsumexp(log_weight + log_p, dim=1).mean()


x_train, y_train = sample(2000)
x_test, y_test = sample(500)
model = MDN()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(25):
    for batch in torch.randperm(2000).split(100):
        loss = negative_log_likelihood(model(x_train[batch]), y_train[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        test = negative_log_likelihood(model(x_test), y_test).item()
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1}: negative log-likelihood {test:.4f}")
single = 0.5 * math.log(2 * math.pi * math.e * y_test.var().item())
best = 0.5 * math.log(2 * math.pi * math.e * 0.08**2) + math.log(2)
print(f"final: eval_loss={test:.4f} learned={(single - test) / (single - best):.4f}")
