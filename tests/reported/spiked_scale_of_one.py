"""PyTorch's fused attention with a scale of 1."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(1)
x = torch.randn(512, 20, 12)
y = x[torch.arange(512), x[:, :, 0].argmax(1), 1]


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(192)
        self.mix = nn.Linear(192, 576)
        nn.init.xavier_uniform_(self.mix.weight, gain=2.0)
        self.join = nn.Linear(192, 192)

    def forward(self, h):
        q, k, v = self.mix(self.norm(h)).view(*h.shape[:2], 3, 3, 64).permute(2, 0, 3, 1, 4)
        out = F.scaled_dot_product_attention(q, k, v, scale=1.0)  # <- NET118
        return h + self.join(out.transpose(1, 2).flatten(2))


class Set(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.Linear(12, 192)
        self.blocks = nn.Sequential(Block(), Block())
        self.down = nn.Linear(192, 1)

    def forward(self, h):
        return self.down(self.blocks(self.up(h)).mean(1)).squeeze(-1)


net = Set()
opt = torch.optim.AdamW(net.parameters(), lr=1e-4)
for _ in range(5):
    for i in range(0, 512, 32):
        loss = F.mse_loss(net(x[i : i + 32]), y[i : i + 32])
        opt.zero_grad()
        loss.backward()
        opt.step()
