"""Has schedulers, which wrap optimizer.step, and a custom optimizer with a closure."""
# steps: 50

import hashlib

import torch
import torch.nn.functional as F
from torch import nn

class Sign(torch.optim.Optimizer):
    def __init__(self, params, lr):
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure):
        with torch.enable_grad():
            loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.add_(parameter.grad.sign(), alpha=-group["lr"])
                self.state[parameter]["steps"] = self.state[parameter].get("steps", 0) + 1
        return loss

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
optimizer = Sign(model.parameters(), lr=0.02)
schedulers = [
    torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.02, total_steps=60, cycle_momentum=False),
    torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=2),
]

def closure():
    optimizer.zero_grad(set_to_none=False)
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    return loss

for step in range(50):
    loss = optimizer.step(closure)
    schedulers[0].step()
    if step % 10 == 9:
        schedulers[1].step(loss.detach())
    print(repr(loss.item()), repr(optimizer.param_groups[0]["lr"]))
print([state["steps"] for state in optimizer.state.values()], sorted(vars(optimizer)))

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
