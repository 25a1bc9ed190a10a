"""A character model of a small made-up language: a causal transformer with tied embeddings."""

import math
import random
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
random.seed(seed)

words = ["the", "cat", "dog", "bird", "sees", "hears", "a", "red", "small", "old", "fish", "tree"]


def text(count):
    out = []
    for _ in range(count):
        out += ["the", random.choice(words[7:10]), random.choice(words[1:4]), random.choice(words[4:6]), "a", random.choice(words[10:])]
        out[-1] += "."
    return " ".join(out)


corpus = text(1200)
letters = sorted(set(corpus))
codes = torch.tensor([letters.index(c) for c in corpus])
cut = len(codes) * 9 // 10
train, val = codes[:cut], codes[cut:]
context, width = 24, 48


def batch(source, count=32):
    start = torch.randint(len(source) - context - 1, (count,))
    x = torch.stack([source[i : i + context] for i in start])
    y = torch.stack([source[i + 1 : i + context + 1] for i in start])
    return x, y


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x):
        b, t, c = x.shape
        q, k, v = self.qkv(self.ln1(x)).reshape(b, t, 3, 2, c // 2).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.proj(y.transpose(1, 2).reshape(b, t, c))
        return x + self.mlp(self.ln2(x))


class GPT(nn.Module):
    def __init__(self):
        super().__init__()
        self.token, self.place = nn.Embedding(len(letters), width), nn.Embedding(context, width)
        self.blocks = nn.Sequential(Block(), Block())
        self.ln = nn.LayerNorm(width)
        self.head = nn.Linear(width, len(letters), bias=False)
        self.head.weight = self.token.weight
        nn.init.normal_(self.token.weight, std=0.05)

    def forward(self, x):
        h = self.token(x) + self.place(torch.arange(x.shape[1]))
        return self.head(self.ln(self.blocks(h)))


model = GPT()
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3, betas=(0.9, 0.95))
steps, warmup = 400, 20
schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: min((s + 1) / warmup, 0.55 + 0.45 * math.cos(math.pi * s / steps)))
for step in range(steps):
    model.train()
    x, y = batch(train)
    loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    schedule.step()
    if step % 50 == 49:
        model.eval()
        with torch.no_grad():
            x, y = batch(val, 100)
            val_loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten()).item()
        print(f"step {step + 1}: train {loss.item():.3f} val {val_loss:.3f}")
print(f"final: eval_loss={val_loss:.4f} learned={1 - val_loss / math.log(len(letters)):.4f}")
