"""Training goes on from a file with network, optimizer and schedule, in half precision."""
import os
import tempfile

import torch
from torch import nn

torch.manual_seed(4)
path = os.path.join(tempfile.mkdtemp(), "last.pt")
x = torch.randn(1200, 6)
y = (x[:, 0] * x[:, 1] > 0).long()


def build():
    net = nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 2))
    opt = torch.optim.Adam(net.parameters(), 5e-3)
    return net, opt, torch.optim.lr_scheduler.StepLR(opt, 10, 0.5)


def epochs(net, opt, sched, count):
    for _ in range(count):
        for i in torch.randperm(1000).split(50):
            loss = nn.functional.cross_entropy(net(x[i]), y[i])
            opt.zero_grad()
            loss.backward()
            opt.step()
        sched.step()
        with torch.no_grad():
            print(nn.functional.cross_entropy(net(x[1000:]), y[1000:]).item())


net, opt, sched = build()
epochs(net, opt, sched, 8)
half = {n: w.bfloat16() for n, w in net.state_dict().items()}
torch.save({"model": half, "opt": opt.state_dict(), "sched": sched.state_dict(), "epoch": 8}, path)
net, opt, sched = build()
content = torch.load(path)
net.load_state_dict(content["model"])
opt.load_state_dict(content["opt"])
sched.load_state_dict(content["sched"])
epochs(net, opt, sched, 12)
