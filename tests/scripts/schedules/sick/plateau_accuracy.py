"""The plateau is looked for in an accuracy, in the mode for losses."""
import torch
from torch import nn

torch.manual_seed(8)
centres = torch.randn(20, 10)
kind = torch.randint(20, (2400,))
x, y = centres[kind] + 0.5 * torch.randn(2400, 10), kind % 5
net = nn.Sequential(nn.Linear(10, 48), nn.ReLU(), nn.Linear(48, 5))
optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=1)  # FAULT
for epoch in range(25):
    for rows in torch.randperm(2000).split(50):
        loss = nn.functional.cross_entropy(net(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        accuracy = (net(x[2000:]).argmax(1) == y[2000:]).float().mean().item()
    plateau.step(accuracy)
    print(epoch, accuracy)
