"""Has hooks on optimizers, on their state, and a global one."""
# steps: 40

import collections
import hashlib

import torch
import torch.nn.functional as F
from torch import nn
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
calls = collections.Counter()
optimizer.register_step_pre_hook(lambda o, args, kwargs: calls.update(["before"]))
optimizer.register_step_post_hook(lambda o, args, kwargs: calls.update(["after"]))
optimizer.register_state_dict_post_hook(lambda o, state: calls.update(["saved"]))
first = register_optimizer_step_pre_hook(lambda o, args, kwargs: calls.update(["global before"]))
last = register_optimizer_step_post_hook(lambda o, args, kwargs: calls.update(["global after"]))
for step in range(40):
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step == 20:
        optimizer.load_state_dict(optimizer.state_dict())
        first.remove()
    print(repr(loss.item()))
last.remove()
print(dict(calls), len(optimizer._optimizer_step_pre_hooks), len(optimizer._optimizer_step_post_hooks))

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
