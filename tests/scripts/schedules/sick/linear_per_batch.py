"""A recurrent network forecasts a sine; the decay counts epochs, but is stepped after every batch."""
import torch
from torch import nn

torch.manual_seed(0)
EPOCHS = 12
t = torch.linspace(0, 300, 3000)
wave = torch.sin(t) + 0.5 * torch.sin(2.7 * t)
windows = wave.unfold(0, 21, 2)
inputs, targets = windows[:, :20, None], windows[:, 20:]


class Forecaster(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(1, 16, batch_first=True)
        self.out = nn.Linear(16, 1)

    def forward(self, x):
        return self.out(self.rnn(x)[0][:, -1])


class Trainer:
    def __init__(self, net):
        self.net = net
        self.opt = torch.optim.Adam(net.parameters(), lr=5e-3)
        self.decay = torch.optim.lr_scheduler.LinearLR(self.opt, 1.0, 0.0, total_iters=EPOCHS)

    def update(self, x, y):
        loss = nn.functional.mse_loss(self.net(x), y)
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()
        self.decay.step()  # FAULT
        return loss.item()


trainer = Trainer(Forecaster())
for epoch in range(EPOCHS):
    order = torch.randperm(1200)
    for rows in order.split(40):
        trainer.update(inputs[rows], targets[rows])
    with torch.no_grad():
        print(epoch, nn.functional.mse_loss(trainer.net(inputs[1200:]), targets[1200:]).item())
