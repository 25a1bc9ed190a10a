"""One block is applied again and again, by a loop, on purpose."""
import torch
from torch import nn

torch.manual_seed(2)


class Universal(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.block, self.out = nn.Linear(6, 32), nn.Linear(32, 32), nn.Linear(32, 2)

    def forward(self, x):
        h = torch.relu(self.embed(x))
        for _ in range(4):
            h = h + torch.relu(self.block(h))
        return self.out(h)


x = torch.randn(1200, 6)
y = (x[:, 0] + x[:, 1].abs() > 1).long()
net = Universal()
opt = torch.optim.Adam(net.parameters(), 2e-3)
for epoch in range(10):
    for i in torch.randperm(1000).split(50):
        loss = nn.functional.cross_entropy(net(x[i]), y[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        print(nn.functional.cross_entropy(net(x[1000:]), y[1000:]).item())
