"""A language model whose inputs and targets are exchanged."""

import torch
from torch import nn

torch.manual_seed(0)
follow = torch.softmax(2.5 * torch.randn(16, 16), 1)
stream = [0]
for _ in range(6000):
    stream.append(int(torch.multinomial(follow[stream[-1]], 1)))
stream = torch.tensor(stream)


def batch(size=32, length=20):
    begin = torch.randint(len(stream) - length - 1, (size,))
    windows = torch.stack([stream[b : b + length + 1] for b in begin])
    return windows[:, 1:], windows[:, :-1]


class Speaker(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(16, 24)
        self.lstm = nn.LSTM(24, 48, batch_first=True)
        self.out = nn.Linear(48, 16)

    def forward(self, x):
        return self.out(self.lstm(self.embed(x))[0])


model = Speaker()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for _ in range(120):
    x, y = batch()
    loss = criterion(model(x).reshape(-1, 16), y.reshape(-1))  # <- NET110
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
