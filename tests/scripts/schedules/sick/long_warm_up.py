"""A warm-up of 20,000 steps in a run of 400."""
import torch
from torch import nn

torch.manual_seed(5)
tokens = torch.randint(1, 30, (1600, 10))
labels = (tokens.float().mean(1) > 15.5).long()
embed = nn.Embedding(30, 16)
layer = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.0, batch_first=True)
head = nn.Linear(16, 2)
weights = [*embed.parameters(), *layer.parameters(), *head.parameters()]
opt = torch.optim.AdamW(weights, lr=1e-3)
warm = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: min(1.0, (s + 1) / 20000))  # FAULT
for step in range(400):
    rows = torch.randint(1600, (32,))
    loss = nn.functional.cross_entropy(head(layer(embed(tokens[rows])).mean(1)), labels[rows])
    opt.zero_grad()
    loss.backward()
    opt.step()
    warm.step()
print(loss.item())
