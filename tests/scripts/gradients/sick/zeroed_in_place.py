"""The gradients are kept as zeros, and momentum has nothing to go on."""
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(7)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(5, 30)
        self.b = nn.Linear(30, 1)

    def forward(self, x):
        return self.b(torch.relu(self.a(x)))


def train(net, x, y, steps):
    opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    for _ in range(steps):
        rows = torch.randint(len(x), (25,))
        loss = F.mse_loss(net(x[rows]), y[rows])
        loss.backward()
        for p in net.parameters():
            p.grad.zero_()  # FAULT
        opt.step()
        yield loss.item()


x = torch.randn(800, 5)
losses = list(train(Net(), x, x[:, :1] - x[:, 1:2], 300))
print(losses[0], losses[-1])
