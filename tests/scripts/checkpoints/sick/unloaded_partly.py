"""The layers were renamed since; only the head still has its name."""
import torch
from torch import nn

torch.manual_seed(3)
x = torch.randn(1500, 1, 12)
y = (x[:, 0, :4].sum(1) > 0).long() + (x[:, 0, 8:].sum(1) > 0).long()


class Old(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv1d(1, 8, 3), nn.ReLU(), nn.Conv1d(8, 8, 3), nn.ReLU())
        self.fc = nn.Linear(64, 3)

    def forward(self, x):
        return self.fc(self.features(x).flatten(1))


class New(nn.Module):
    def __init__(self):
        super().__init__()
        self.convs = nn.Sequential(nn.Conv1d(1, 8, 3), nn.ReLU(), nn.Conv1d(8, 8, 3), nn.ReLU())
        self.fc = nn.Linear(64, 3)

    def forward(self, x):
        return self.fc(self.convs(x).flatten(1))


def run(net, steps):
    opt = torch.optim.Adam(net.parameters(), 3e-3)
    for _ in range(steps):
        i = torch.randint(1200, (40,))
        opt.zero_grad()
        nn.functional.cross_entropy(net(x[i]), y[i]).backward()
        opt.step()
    with torch.no_grad():
        print(nn.functional.cross_entropy(net(x[1200:]), y[1200:]).item())


old = Old()
run(old, 200)
new = New()
print(new.load_state_dict(old.state_dict(), strict=False))  # FAULT
run(new, 200)
