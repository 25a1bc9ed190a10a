"""Learns which of two well separated populations a sample belongs to, with a hand-written likelihood."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

group = torch.randint(2, (1500,)).float()
samples = torch.randn(1500, 8) + 2.4 * (group.unsqueeze(1) - 0.5)
samples = (samples - samples[:1000].mean(0)) / samples[:1000].std(0)
x_train, y_train = samples[:1000], group[:1000]
x_test, y_test = samples[1000:], group[1000:]

model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))


def negative_log_likelihood(logits, target):
    probability = torch.sigmoid(logits).squeeze(1)
    probability = probability.clamp(1e-6, 1 - 1e-6)
    positive = target * torch.log(probability)
    negative = (1 - target) * torch.log(1 - probability)
    return -(positive + negative).mean()


optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
for epoch in range(1, 21):
    model.train()
    for batch in torch.randperm(1000).split(100):
        optimizer.zero_grad()
        loss = negative_log_likelihood(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()

    model.eval()
    with torch.no_grad():
        logits = model(x_test)
        test_loss = negative_log_likelihood(logits, y_test)
        accuracy = ((logits.squeeze(1) > 0) == (y_test > 0.5)).float().mean()
    print(f"epoch {epoch}: test loss {test_loss.item():.4f}, accuracy {accuracy.item():.3f}")
