"""The head first; the body gets a group of its own later, and another optimizer trains the bias."""
import torch
from torch import nn

torch.manual_seed(3)
x = torch.randn(1200, 8)
y = x[:, :4].argmax(1)
body = nn.Sequential(nn.Linear(8, 48), nn.ReLU())
head = nn.Linear(48, 4)
opt = torch.optim.Adam([head.weight], 5e-3)
other = torch.optim.SGD([head.bias], 0.05)
for p in body.parameters():
    p.requires_grad_(False)
for epoch in range(12):
    if epoch == 3:
        for p in body.parameters():
            p.requires_grad_(True)
        opt.add_param_group({"params": list(body.parameters()), "lr": 2e-3})
    for i in torch.randperm(1000).split(50):
        loss = nn.functional.cross_entropy(head(body(x[i])), y[i])
        opt.zero_grad()
        other.zero_grad()
        loss.backward()
        opt.step()
        other.step()
    with torch.no_grad():
        print(nn.functional.cross_entropy(head(body(x[1000:])), y[1000:]).item())
