"""Looks up values by keys with an attention layer written by hand."""

import sys

import torch
import torch.nn.functional as F
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

def make_batch(count):
    keys = F.normalize(torch.randn(count, 6, 8), dim=2)
    values = torch.randint(5, (count, 6))
    wanted = torch.randint(6, (count,))
    rows = torch.arange(count)
    query = keys[rows, wanted] + 0.05 * torch.randn(count, 8)
    items = torch.cat([keys * 8**0.5, F.one_hot(values, 5) * 2.0], dim=2)
    return query * 8**0.5, items, values[rows, wanted]


class Lookup(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.query = nn.Linear(8, width)
        self.key = nn.Linear(13, width)
        self.value = nn.Linear(13, width)
        self.out = nn.Linear(width, 5)

    def forward(self, query, items):
        q, k, v = self.query(query).unsqueeze(1), self.key(items), self.value(items)
        scores = q @ k.transpose(1, 2) / k.shape[2] ** 0.5
        return self.out((torch.softmax(scores, dim=2) @ v).squeeze(1))


model = Lookup()
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
test_query, test_items, test_answers = make_batch(1000)
for step in range(1, 401):
    model.train()
    query, items, answers = make_batch(128)
    loss = F.cross_entropy(model(query, items), answers)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 40 == 0:
        model.eval()
        with torch.no_grad():
            scores = model(test_query, test_items)
            test_loss = F.cross_entropy(scores, test_answers).item()
            accuracy = (scores.argmax(1) == test_answers).float().mean().item()
        print(f"step {step}: test loss {test_loss:.4f}, accuracy {accuracy:.3f}")
