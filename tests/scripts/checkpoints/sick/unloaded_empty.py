"""A filter on a prefix that no name has."""
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(2)


def network(classes):
    return nn.ModuleDict({"body": nn.Sequential(nn.Linear(6, 40), nn.ReLU(), nn.Linear(40, 20), nn.ReLU()), "top": nn.Linear(20, classes)})


def scores(net, x):
    return net["top"](net["body"](x))


x = torch.randn(1400, 6)
old = network(3)
opt = torch.optim.Adam(old.parameters(), 5e-3)
for _ in range(200):
    i = torch.randint(1000, (32,))
    F.cross_entropy(scores(old, x[i]), x[i, :3].argmax(1)).backward()
    opt.step()
    opt.zero_grad()
new = network(2)
kept = {n: w for n, w in old.state_dict().items() if n.startswith("backbone.")}
new.load_state_dict(kept, strict=False)  # FAULT
for p in new["body"].parameters():
    p.requires_grad_(False)
opt = torch.optim.Adam(new["top"].parameters(), 5e-3)
for epoch in range(10):
    for i in torch.randperm(1000).split(50):
        loss = F.cross_entropy(scores(new, x[i]), (x[i, 0] > x[i, 1]).long())
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.inference_mode():
        print(F.cross_entropy(scores(new, x[1000:]), (x[1000:, 0] > x[1000:, 1]).long()).item())
