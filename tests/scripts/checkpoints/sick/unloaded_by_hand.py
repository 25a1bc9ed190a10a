"""Weights are copied by a loop over names, none of which is in the file."""
import os
import tempfile

import torch
from torch import nn

torch.manual_seed(4)
name = os.path.join(tempfile.mkdtemp(), "weights.pt")
data = torch.randn(1500, 9)
labels = (data[:, 0] * data[:, 1] > 0).long()


def train(net, steps):
    opt = torch.optim.AdamW(net.parameters(), 3e-3)
    for _ in range(steps):
        rows = torch.randint(1200, (50,))
        loss = nn.functional.cross_entropy(net(data[rows]), labels[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        print(nn.functional.cross_entropy(net(data[1200:]), labels[1200:]).item())


def mlp():
    return nn.Sequential(nn.Linear(9, 64), nn.SiLU(), nn.Linear(64, 2))


teacher = mlp()
train(teacher, 300)
torch.save({"model." + n: w for n, w in teacher.state_dict().items()}, name)
weights = torch.load(name)  # FAULT
student = mlp()
for key, parameter in student.named_parameters():
    if key in weights:
        parameter.data.copy_(weights[key])
train(student, 300)
