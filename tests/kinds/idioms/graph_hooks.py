"""Hooks nodes of the graph, walks it, and counts what a step has."""
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
handle = torch.autograd.graph.register_multi_grad_hook(
    tuple(model.parameters()), lambda gradients: calls.update(["all"])
)
for step in range(40):
    loss = F.cross_entropy(model(x), y)
    loss.grad_fn.register_prehook(lambda g: calls.update(["pre"]))
    loss.grad_fn.register_hook(lambda gi, go: calls.update(["post"]) or tuple(None if g is None else g * 0.5 for g in gi))
    nodes, waiting = [], [loss.grad_fn]
    while waiting:
        node = waiting.pop()
        nodes.append(node.name())
        waiting += [next_node for next_node, _ in node.next_functions if next_node is not None]
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(repr(loss.item()), nodes, torch.is_anomaly_enabled())
handle.remove()
print(dict(calls))

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
