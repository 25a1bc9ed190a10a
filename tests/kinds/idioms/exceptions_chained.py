"""Dies of an exception group with notes and causes, raised below a decorator and a comprehension."""
# steps: 20

import functools
import hashlib

import torch
import torch.nn.functional as F
from torch import nn

def noted(function):
    @functools.wraps(function)
    def call(*args):
        try:
            return function(*args)
        except Exception as error:
            error.add_note("a note")
            raise
    return call

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
@noted
def loss_of(width):
    return F.cross_entropy(model(torch.randn(4, width)), y[:4])

for step in range(20):
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(repr(loss.item()))

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
print("digest", digest.hexdigest(), flush=True)
problems = []
for width in (3, 5):
    try:
        loss_of(width)
    except RuntimeError as error:
        problems.append(error)
raise ExceptionGroup("shapes", problems) from problems[0]
