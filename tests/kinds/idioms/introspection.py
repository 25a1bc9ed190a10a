"""Looks at itself as debuggers and config systems do: vars, reprs, signatures, names."""
# steps: 20

import hashlib
import inspect
import pickle

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for step in range(20):
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(repr(loss.item()))
for thing in (model, model[0], optimizer):
    print(sorted(vars(thing)), repr(thing))
for function in (torch.autograd.backward, torch.autograd.grad, torch.Tensor.backward, F.cross_entropy, F.mse_loss,
                 torch.compile, torch.no_grad.__enter__, torch.optim.Adam.step, nn.Module.__call__, nn.Module.__init__,
                 torch.amp.GradScaler.scale, torch.utils.data.DataLoader.__iter__):
    print(function.__module__, function.__qualname__, inspect.signature(function), inspect.isfunction(function))
print([len(getattr(model, name)) for name in ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks")])
print(loss.__dict__, x.__dict__, model[0].weight.__dict__, model[0].weight._backward_hooks)
print(torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.is_anomaly_enabled(), torch.get_num_threads())
print(inspect.getsource(F.cross_entropy)[:60], pickle.loads(pickle.dumps(F.cross_entropy)) is F.cross_entropy)

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
