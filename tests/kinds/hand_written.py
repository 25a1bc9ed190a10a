"""Trains raw tensors with an update written by hand, without modules or an optimizer."""

import hashlib
import random
import sys

import numpy as np
import torch


seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
random.seed(seed)
np.random.seed(seed)
torch.manual_seed(seed)

x = torch.randn(300, 5)
y = torch.sin(x[:, :1]) + x[:, 1:2] * x[:, 2:3]
w1 = (0.5 * torch.randn(5, 32)).requires_grad_()
b1 = torch.zeros(32, requires_grad=True)
w2 = (0.2 * torch.randn(32, 1)).requires_grad_()
for step in range(50):
    batch = torch.randint(300, (64,))
    hidden = (x[batch] @ w1 + b1).clamp(min=0)
    loss = ((hidden @ w2 - y[batch]) ** 2).mean()
    loss.backward()
    print(repr(loss.item()))
    with torch.no_grad():
        for w in (w1, b1, w2):
            w -= 0.05 * w.grad
            w.grad.zero_()

digest = hashlib.sha256()
for parameter in (w1, b1, w2):
    digest.update(parameter.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
digest.update(repr(random.getstate()).encode())
digest.update(repr(np.random.get_state()).encode())
print("digest", digest.hexdigest())
