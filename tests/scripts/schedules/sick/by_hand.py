"""The rate is set by hand, from the number of the batch where that of the epoch was meant."""
import torch
from torch import nn

torch.manual_seed(3)
x = torch.randn(2000, 12)
y = (x[:, :3].prod(1) > 0).long() + 2 * (x[:, 4] > 0).long()
model = nn.Sequential(nn.Linear(12, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4))
optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)


def adjust_learning_rate(optimizer, count, base=1e-3):
    for group in optimizer.param_groups:
        group["lr"] = base * 0.1 ** (count // 15)  # FAULT


count = 0
for epoch in range(15):
    for begin in range(0, 1600, 40):
        adjust_learning_rate(optimizer, count)
        xb, yb = x[begin:begin + 40], y[begin:begin + 40]
        loss = nn.CrossEntropyLoss()(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        count += 1
    with torch.inference_mode():
        print(epoch, (model(x[1600:]).argmax(1) == y[1600:]).float().mean().item())
