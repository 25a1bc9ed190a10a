"""Recognises movements from three sensors with a deep sigmoid network.

faults: DAT101, GRD101
"""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

units = torch.tensor([1.0, 1.0, 1.0, 200.0, 200.0, 200.0, 0.1, 0.1, 0.1])
centres = torch.randn(5, 9)
label = torch.randint(5, (2500,))
readings = (centres[label] + 0.4 * torch.randn(2500, 9)) * units
x_train, y_train, x_test, y_test = readings[:2000], label[:2000], readings[2000:], label[2000:]

layers = []
for fan_in in [9] + 6 * [32]:
    layers += [nn.Linear(fan_in, 32), nn.Sigmoid()]
model = nn.Sequential(*layers, nn.Linear(32, 5))
for module in model:
    if isinstance(module, nn.Linear):
        nn.init.xavier_normal_(module.weight)
        nn.init.zeros_(module.bias)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.5)
for epoch in range(12):
    model.train()
    for batch in torch.randperm(2000).split(100):
        optimizer.zero_grad()
        loss = criterion(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        output = model(x_test)
        accuracy = (output.argmax(1) == y_test).float().mean().item()
        print(f"epoch {epoch + 1}: test loss {criterion(output, y_test).item():.4f}, accuracy {accuracy:.3f}")
