"""Compresses the pixels of handwritten digits to eight numbers and back."""

import sys

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, random_split

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

pixels = torch.tensor(load_digits().data, dtype=torch.float32) / 16
train, test = random_split(pixels, [1400, 397])
loader = DataLoader(train, batch_size=100, shuffle=True)
test_pixels = torch.stack(list(test))


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, 48), nn.GELU(), nn.Linear(48, 8))  # a linear bottleneck
        self.decoder = nn.Sequential(nn.Linear(8, 48), nn.GELU(), nn.Linear(48, 64))

    def forward(self, x):
        return self.decoder(self.encoder(x))


model = Autoencoder()
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=20)
for epoch in range(1, 21):
    model.train()
    for x in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), x)
        loss.backward()
        optimizer.step()
    scheduler.step()
    model.eval()
    with torch.no_grad():
        test_loss = criterion(model(test_pixels), test_pixels).item()
    print(f"epoch {epoch}: training loss {loss.item():.4f}, test loss {test_loss:.4f}")
