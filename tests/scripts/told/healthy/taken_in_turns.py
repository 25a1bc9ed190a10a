"""An optimizer over everything pretrains a part; two others train the rest, the same tensors among them."""
import torch
from torch import nn

torch.manual_seed(1)
x = torch.randn(1200, 8)
y = x[:, :4].argmax(1)
body, decoder, head = nn.Sequential(nn.Linear(8, 48), nn.ReLU()), nn.Linear(48, 8), nn.Linear(48, 4)
everything = [*body.parameters(), *decoder.parameters(), *head.parameters()]
first = torch.optim.Adam(everything, 3e-3)
second = torch.optim.Adam([*body.parameters(), *head.parameters()], 3e-3)
for step in range(200):
    i = torch.randint(1000, (40,))
    loss = (decoder(body(x[i])) - x[i]).square().mean()
    first.zero_grad()
    loss.backward()
    first.step()
for epoch in range(12):
    for i in torch.randperm(1000).split(50):
        loss = nn.functional.cross_entropy(head(body(x[i])), y[i])
        second.zero_grad()
        loss.backward()
        second.step()
    with torch.no_grad():
        print(nn.functional.cross_entropy(head(body(x[1000:])), y[1000:]).item())
