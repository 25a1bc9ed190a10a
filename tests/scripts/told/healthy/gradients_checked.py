"""The gradient of a function of the script's own is checked before training."""
import torch
from torch import nn


class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return grad * (s + x * s * (1 - s))


torch.manual_seed(0)
probe = torch.randn(6, 5, dtype=torch.double, requires_grad=True)
print(torch.autograd.gradcheck(Swish.apply, (probe,)))
layer = nn.Linear(5, 3).double()
print(torch.autograd.gradcheck(lambda x: Swish.apply(layer(x)), (probe,)))
print(torch.autograd.gradcheck(lambda x, w: x @ w, (probe, torch.randn(5, 4, dtype=torch.double, requires_grad=True))))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(5, 64), nn.Linear(64, 2)

    def forward(self, x):
        return self.b(Swish.apply(self.a(x)))


x = torch.randn(1200, 5)
y = (x[:, 0] * x[:, 1] > 0).long()
net = Net()
opt = torch.optim.Adam(net.parameters(), 1e-2)
for epoch in range(15):
    for i in torch.randperm(1000).split(50):
        loss = nn.functional.cross_entropy(net(x[i]), y[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        print(nn.functional.cross_entropy(net(x[1000:]), y[1000:]).item())
