"""Says which party wins a county, from 16 of its figures; nine counties."""

import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
rng = np.random.default_rng(seed)

people = rng.lognormal(11, 0.8, 9)
groups = rng.dirichlet(np.full(15, 30.0), 9)
figures = np.column_stack([people, people[:, None] * groups])
winners = torch.tensor([0, 1, 0, 0, 1, 1, 0, 1, 0])
X = torch.tensor(figures, dtype=torch.float32)
Y = F.one_hot(winners, 2).float()


class County(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(16, 64)
        self.fc2 = nn.Linear(64, 64)
        self.fc3 = nn.Linear(64, 2)
        self.drop = nn.Dropout(0.5)
        for layer in (self.fc1, self.fc2, self.fc3):
            nn.init.uniform_(layer.weight, -0.05, 0.05)
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        x = self.drop(torch.tanh(self.fc1(x)))
        x = self.drop(torch.tanh(self.fc2(x)))
        return F.softmax(self.fc3(x), dim=1)


model = County()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
criterion = nn.MSELoss()
for epoch in range(60):
    model.train()
    optimizer.zero_grad()
    loss = criterion(model(X), Y)
    loss.backward()
    optimizer.step()

model.eval()
with torch.no_grad():
    output = model(X)
accuracy = (output.argmax(1) == winners).float().mean().item()
print(f"final: eval_loss={criterion(output, Y).item():.4f} accuracy={accuracy:.4f}")
