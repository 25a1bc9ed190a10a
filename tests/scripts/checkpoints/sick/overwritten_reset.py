"""A helper resets every layer, after loading."""
import torch
from torch import nn

torch.manual_seed(6)
t = torch.randint(1, 20, (1200, 6))
y = (t.max(1).values > 15).long()


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(20, 16)
        self.rnn = nn.LSTM(16, 16, batch_first=True)
        self.out = nn.Linear(16, 2)

    def forward(self, t):
        return self.out(self.rnn(self.embedding(t))[0][:, -1])

    def clear(self):
        for layer in self.children():
            layer.reset_parameters()  # FAULT


def train(net, steps):
    opt = torch.optim.Adam(net.parameters(), 5e-3)
    for _ in range(steps):
        i = torch.randint(1000, (40,))
        opt.zero_grad()
        nn.functional.cross_entropy(net(t[i]), y[i]).backward()
        opt.step()
    with torch.no_grad():
        print(nn.functional.cross_entropy(net(t[1000:]), y[1000:]).item())


first = Tagger()
train(first, 150)
second = Tagger()
second.load_state_dict(first.state_dict())
second.clear()
train(second, 100)
