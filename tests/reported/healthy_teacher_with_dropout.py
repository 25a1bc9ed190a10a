"""A teacher in training mode makes soft targets without gradients."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(640, 12)
y = (x[:, :3].sum(1) > 0).long() + (x[:, 3] > 0.5).long()


def train(net, loss=F.cross_entropy, epochs=10, target=y):
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    for _ in range(epochs):
        net.train()
        for i in range(0, 512, 32):
            optimizer.zero_grad()
            loss(net(x[i : i + 32]), target[i : i + 32]).backward()
            optimizer.step()
        net.eval()
        with torch.no_grad():
            print(loss(net(x[512:]), target[512:]).item())


teacher = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 3))
train(teacher)
teacher.train()
student = nn.Linear(12, 3)
optimizer = torch.optim.Adam(student.parameters(), lr=1e-2)
for _ in range(4):
    for i in range(0, 512, 32):
        with torch.no_grad():
            soft = teacher(x[i : i + 32]).softmax(1)
        optimizer.zero_grad()
        F.cross_entropy(student(x[i : i + 32]), soft).backward()
        optimizer.step()
    with torch.no_grad():
        print(F.cross_entropy(student(x[512:]), y[512:]).item())
