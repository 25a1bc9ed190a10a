"""Trains a variational autoencoder on the handwritten digits."""

import sys

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

pixels = torch.tensor(load_digits().data, dtype=torch.float32) / 16
pixels = pixels[torch.randperm(len(pixels))]
train, test = pixels[:1400], pixels[1400:]


class VAE(nn.Module):
    def __init__(self, latent=4):
        super().__init__()
        self.hidden = nn.Linear(64, 64)
        self.mean = nn.Linear(64, latent)
        self.log_variance = nn.Linear(64, latent)
        self.expand = nn.Linear(latent, 64)
        self.pixels = nn.Linear(64, 64)

    def forward(self, x):
        hidden = F.elu(self.hidden(x))
        mean, log_variance = self.mean(hidden), self.log_variance(hidden)
        z = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean) if self.training else mean
        return self.pixels(F.elu(self.expand(z))), mean, log_variance


def negative_elbo(x, logits, mean, log_variance):
    reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1).mean()
    divergence = -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum(1).mean()
    return reconstruction + divergence


model = VAE()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=24)
for epoch in range(1, 25):
    model.train()
    for batch in torch.randperm(len(train)).split(100):
        optimizer.zero_grad()
        loss = negative_elbo(train[batch], *model(train[batch]))
        loss.backward()
        optimizer.step()
    scheduler.step()
    model.eval()
    with torch.no_grad():
        test_loss = negative_elbo(test, *model(test)).item()
    if epoch % 2 == 0:
        print(f"epoch {epoch}: training loss {loss.item():.3f}, test loss {test_loss:.3f}")
