"""Has module hooks that count and replace inputs, outputs and gradients, one of them global."""
# steps: 40

import collections
import hashlib

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
calls = collections.Counter()

def before(module, args):
    calls["before"] += 1
    return (args[0] * 1.5,)

def after(module, args, kwargs, output):
    calls["after"] += 1
    return output - output.mean(0, keepdim=True)

def backward(module, gradients_in, gradients_out):
    calls["backward"] += 1
    return tuple(None if g is None else g * 0.5 for g in gradients_in)

model[0].register_forward_pre_hook(before)
model[0].register_forward_hook(after, with_kwargs=True, prepend=True)
model[2].register_full_backward_hook(backward)
model[2].register_full_backward_pre_hook(lambda module, g: calls.update(["pre"]) or (g[0] * 2,))
handle = nn.modules.module.register_module_forward_hook(lambda module, args, output: calls.update([type(module).__name__]))
for step in range(40):
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(repr(loss.item()))
handle.remove()
model(x)
print(dict(calls), [len(m._forward_hooks) for m in model], [len(m._backward_hooks) for m in model])

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
