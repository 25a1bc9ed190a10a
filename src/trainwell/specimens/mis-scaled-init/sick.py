"""Names the star class (one of eight) from twenty spectral line strengths."""

import sys

import torch
import torch.nn.functional as F
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

spectra = torch.randn(24, 20)
spectrum = torch.randint(24, (3000,))
lines = spectra[spectrum] + 0.8 * torch.randn(3000, 20)
lines = (lines - lines[:2200].mean(0)) / lines[:2200].std(0)
classes = spectrum % 8


class StarNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(20, 64), nn.Linear(64, 64), nn.Linear(64, 64)])
        self.head = nn.Linear(64, 8)
        for layer in self.layers:
            nn.init.normal_(layer.weight, std=1.0)

    def forward(self, x):
        for layer in self.layers:
            x = F.relu(layer(x))
        return self.head(x)


model = StarNet()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3, weight_decay=1e-3)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.75)
for epoch in range(1, 13):
    model.train()
    for rows in torch.randperm(2200).split(100):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(lines[rows]), classes[rows])
        loss.backward()
        optimizer.step()
    scheduler.step()
    model.eval()
    with torch.no_grad():
        logits = model(lines[2200:])
        test_loss = F.cross_entropy(logits, classes[2200:]).item()
        accuracy = (logits.argmax(1) == classes[2200:]).float().mean().item()
    print(f"epoch {epoch}: test loss {test_loss:.4f}, accuracy {accuracy:.3f}")
