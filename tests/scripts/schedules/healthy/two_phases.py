"""A short first training whose rate goes to 0, and a long second one with an optimizer of its own."""
import torch
from torch import nn

torch.manual_seed(13)
x = torch.randn(1400, 8)
y = x[:, :4].argmax(1)
body, decoder, head = nn.Sequential(nn.Linear(8, 48), nn.ReLU()), nn.Linear(48, 8), nn.Linear(48, 4)


def train(params, loss_of, steps, rate):
    opt = torch.optim.Adam(params, rate)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(opt, steps)
    for _ in range(steps):
        i = torch.randint(1000, (32,))
        loss = loss_of(i)
        opt.zero_grad()
        loss.backward()
        opt.step()
        cosine.step()


train([*body.parameters(), *decoder.parameters()], lambda i: (decoder(body(x[i])) - x[i]).square().mean(), 60, 3e-3)
train([*body.parameters(), *head.parameters()], lambda i: nn.functional.cross_entropy(head(body(x[i])), y[i]), 1500, 3e-3)
with torch.no_grad():
    print((head(body(x[1000:])).argmax(1) == y[1000:]).float().mean())
