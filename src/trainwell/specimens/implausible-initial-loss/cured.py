"""Reads which of six letters was pressed from ten keyboard sensors."""

import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

letter = torch.randint(6, (1800,))
centres = 1.3 * torch.randn(6, 10)
sensors = centres[letter] + torch.randn(1800, 10)
sensors = (sensors - sensors.mean(0)) / sensors.std(0)
x_train, y_train, x_test, y_test = sensors[:1300], letter[:1300], sensors[1300:], letter[1300:]


class Keys(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(10, 48)
        self.out = nn.Linear(48, 6)

    def forward(self, x):
        return self.out(torch.relu(self.hidden(x)))


model = Keys()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for epoch in range(1, 26):
    for batch in torch.randperm(1300).split(65):
        optimizer.zero_grad()
        loss = criterion(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        logits = model(x_test)
        test_loss = criterion(logits, y_test).item()
        accuracy = (logits.argmax(1) == y_test).float().mean().item()
    print(f"epoch {epoch}: test loss {test_loss:.4f}, accuracy {accuracy:.3f}")
