"""Has modules with __getattr__, __call__, __setattr__, properties and a forward per instance."""
# steps: 40

import hashlib

import torch
import torch.nn.functional as F
from torch import nn

class Odd(nn.Module):
    asked = []

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(8, 16)

    def __getattr__(self, name):
        if name.startswith("magic"):
            Odd.asked.append(name)
            return 2.0
        return super().__getattr__(name)

    def __call__(self, *args, scale, **kwargs):
        return {"out": super().__call__(*args, **kwargs) * scale, "text": "x", "rows": [args[0], (None, 3)]}

    def __bool__(self):
        raise TypeError("no truth here")

    @property
    def weight(self):
        Odd.asked.append("weight")
        return self.layer.weight

    def forward(self, value, *, shift=0.0):
        return torch.relu(self.layer(value)) * self.magic + shift

torch.manual_seed(0)
x = torch.randn(128, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
odd, last = Odd(), nn.Linear(16, 2)
last.forward = lambda value: F.linear(value, last.weight) + last.bias
optimizer = torch.optim.Adam([*odd.parameters(), *last.parameters()], lr=0.01)
for step in range(40):
    loss = F.cross_entropy(last(odd(x, scale=0.5, shift=0.1)["out"]), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(repr(loss.item()), len(Odd.asked), set(Odd.asked))

digest = hashlib.sha256()
for tensor in [*odd.parameters(), *last.parameters()]:
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
