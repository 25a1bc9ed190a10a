"""Has a parameter that is a wrapper subclass with `__torch_dispatch__`."""
# steps: 40

import hashlib

import torch
import torch.nn.functional as F
from torch.utils._pytree import tree_map

class Logged(torch.Tensor):
    calls = 0

    @staticmethod
    def __new__(cls, inner):
        return torch.Tensor._make_wrapper_subclass(cls, inner.shape, dtype=inner.dtype, requires_grad=inner.requires_grad)

    def __init__(self, inner):
        self.inner = inner

    def __repr__(self):
        return f"Logged({tuple(self.shape)})"

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        cls.calls += 1
        bare = tree_map(lambda t: t.inner if isinstance(t, cls) else t, (args, kwargs or {}))
        result = func(*bare[0], **bare[1])
        if func.__name__.startswith(("detach", "alias", "t.", "view", "clone")):
            return tree_map(lambda t: cls(t) if isinstance(t, torch.Tensor) else t, result)
        return result

torch.manual_seed(0)
x = torch.randn(64, 5)
y = (x[:, :1] > 0).float()
inner = torch.randn(5, 1)
weight = Logged(inner).requires_grad_()
bias = torch.zeros(1, requires_grad=True)
for step in range(40):
    loss = F.binary_cross_entropy_with_logits(torch.mm(x, weight) + bias, y)
    loss.backward()
    with torch.no_grad():
        inner -= 0.5 * (weight.grad.inner if isinstance(weight.grad, Logged) else weight.grad)
        bias -= 0.5 * bias.grad
    weight.grad = bias.grad = None
    print(repr(loss.item()), Logged.calls)

digest = hashlib.sha256()
for tensor in [inner, bias]:
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
