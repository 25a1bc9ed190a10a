"""Marks the discs in noisy pictures, pixel by pixel, with a small U-Net and a Dice term."""

import sys

import torch
import torch.nn as nn
import torch.nn.functional as F

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)


def make(count, size=24):
    rows, cols = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    centre = torch.randint(6, size - 6, (count, 2, 1, 1))
    radius = torch.randint(3, 6, (count, 1, 1))
    mask = ((rows - centre[:, 0]) ** 2 + (cols - centre[:, 1]) ** 2 <= radius**2).float()
    picture = mask * 1.5 - 0.3 + torch.randn(count, size, size) * 0.8
    return picture.unsqueeze(1), mask.unsqueeze(1)


def block(n_in, n_out):
    return nn.Sequential(nn.Conv2d(n_in, n_out, 3, padding=1, bias=False), nn.BatchNorm2d(n_out), nn.ReLU(inplace=True))


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down1, self.down2 = block(1, 8), block(8, 16)
        self.middle = block(16, 16)
        self.up = nn.ConvTranspose2d(16, 8, 2, stride=2)
        self.last = nn.Sequential(block(16, 8), nn.Conv2d(8, 1, 1))

    def forward(self, x):
        fine = self.down1(x)
        coarse = self.middle(self.down2(F.max_pool2d(fine, 2)))
        return self.last(torch.cat([fine, self.up(coarse)], dim=1))


def dice(logits, mask):
    p = logits.sigmoid()
    return 1 - (2 * (p * mask).sum() + 1) / (p.sum() + mask.sum() + 1)


x_train, m_train = make(240)
x_val, m_val = make(60)
net = UNet()
optim = torch.optim.AdamW(net.parameters(), lr=4e-3)
for epoch in range(8):
    net.train()
    for idx in torch.randperm(240).split(16):
        logits = net(x_train[idx])
        loss = F.binary_cross_entropy_with_logits(logits, m_train[idx]) + dice(logits, m_train[idx])
        optim.zero_grad(set_to_none=True)
        loss.backward()
        optim.step()
    net.eval()
    with torch.inference_mode():
        logits = net(x_val)
        val = F.binary_cross_entropy_with_logits(logits, m_val) + dice(logits, m_val)
        overlap = ((logits > 0) & (m_val > 0)).sum() / ((logits > 0) | (m_val > 0)).sum()
    print(f"epoch {epoch}: train {loss.item():.3f} val {val.item():.3f} IoU {overlap.item():.3f}")
print(f"final: iou={overlap.item():.4f} learned={overlap.item():.4f}")
