"""The output layer shares the embedding's weights."""
import torch
from torch import nn

torch.manual_seed(1)
text = torch.randint(12, (1000, 9))
text[:, 1:] = (text[:, :1] + torch.arange(1, 9)) % 12


class Language(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(12, 24)
        self.rnn = nn.GRU(24, 24, batch_first=True)
        self.out = nn.Linear(24, 12, bias=False)
        self.out.weight = self.embed.weight

    def forward(self, t):
        return self.out(self.rnn(self.embed(t))[0])


net = Language()
opt = torch.optim.Adam(net.parameters(), 5e-3)
for step in range(200):
    i = torch.randint(800, (40,))
    loss = nn.functional.cross_entropy(net(text[i, :-1]).flatten(0, 1), text[i, 1:].flatten())
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 50 == 49:
        with torch.no_grad():
            print(nn.functional.cross_entropy(net(text[800:, :-1]).flatten(0, 1), text[800:, 1:].flatten()).item())
