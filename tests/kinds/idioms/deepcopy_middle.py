"""Copies model and optimizer in the middle of training, trains the copy, and goes on with the first."""
# steps: 60

import copy
import hashlib

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
average = torch.optim.swa_utils.AveragedModel(model)

def train(net, chosen):
    for step in range(20):
        loss = F.cross_entropy(net(x), y)
        chosen.zero_grad()
        loss.backward()
        chosen.step()
        average.update_parameters(net)
        print(repr(loss.item()))

train(model, optimizer)
net, chosen = copy.deepcopy((model, optimizer))
print(chosen.param_groups[0]["params"][0] is net[0].weight, sorted(vars(net)), sorted(vars(chosen)))
train(net, chosen)
train(model, optimizer)
with torch.no_grad():
    print(repr(F.cross_entropy(average(x), y).item()))

digest = hashlib.sha256()
for tensor in [*model.state_dict().values(), *net.state_dict().values()]:
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
