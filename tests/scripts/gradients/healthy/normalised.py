"""Gradients of a recurrent network are always clipped, and the rate makes up for it."""
import torch
from torch import nn

torch.manual_seed(2)
x = torch.randn(1000, 12, 2)
y = x[..., 0].cumsum(1)[:, -1:] / 3
rnn, out = nn.GRU(2, 24, batch_first=True), nn.Linear(24, 1)
params = [*rnn.parameters(), *out.parameters()]
opt = torch.optim.SGD(params, 5.0)
for step in range(500):
    rows = torch.randint(800, (32,))
    loss = nn.functional.mse_loss(out(rnn(x[rows])[0][:, -1]), y[rows])
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(params, 0.02)
    opt.step()
with torch.no_grad():
    print(nn.functional.mse_loss(out(rnn(x[800:])[0][:, -1]), y[800:]).item())
