"""One head for each of three tasks was meant."""
import torch
from torch import nn

torch.manual_seed(6)
x = torch.randn(1200, 9)
targets = [x[:, i] * x[:, i + 1] > 0 for i in (0, 3, 6)]


class Tasks(nn.Module):
    def __init__(self, names):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(9, 64), nn.ReLU())
        head = nn.Linear(64, 2)
        self.heads = nn.ModuleDict({name: head for name in names})  # FAULT

    def forward(self, x):
        x = self.body(x)
        return [head(x) for head in self.heads.values()]


net = Tasks(["a", "b", "c"])
opt = torch.optim.Adam(net.parameters(), 3e-3)
for step in range(400):
    i = torch.randint(1000, (50,))
    loss = sum(nn.functional.cross_entropy(out, t[i].long()) for out, t in zip(net(x[i]), targets))
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 80 == 79:
        with torch.no_grad():
            print(sum(nn.functional.cross_entropy(out, t[1000:].long()) for out, t in zip(net(x[1000:]), targets)).item())
