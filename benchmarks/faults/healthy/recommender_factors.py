"""Guesses ratings from 1 to 5 by matrix factorisation with biases."""

import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

people, films, taste = 150, 100, 3
person_factor, film_factor = torch.randn(people, taste), torch.randn(films, taste)
p, f = torch.randint(people, (9000,)), torch.randint(films, (9000,))
rating = (3 + (person_factor[p] * film_factor[f]).sum(1) * 0.6 + 0.2 * torch.randn(9000)).clamp(1, 5)
train_set, val_set = random_split(TensorDataset(p, f, rating), [8000, 1000])


class Factors(nn.Module):
    def __init__(self, dim=6):
        super().__init__()
        self.person = nn.Embedding(people, dim)
        self.film = nn.Embedding(films, dim)
        self.person_bias = nn.Embedding(people, 1)
        self.film_bias = nn.Embedding(films, 1)
        self.mean = nn.Parameter(torch.tensor(3.0))
        for table in (self.person, self.film):
            nn.init.normal_(table.weight, std=0.3)
        nn.init.zeros_(self.person_bias.weight)
        nn.init.zeros_(self.film_bias.weight)

    def forward(self, p, f):
        dot = (self.person(p) * self.film(f)).sum(-1)
        return self.mean + dot + self.person_bias(p).squeeze(-1) + self.film_bias(f).squeeze(-1)


model = Factors()
opt = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=5e-6)
loss_fn = nn.MSELoss()
val_p, val_f, val_r = next(iter(DataLoader(val_set, batch_size=1000)))
for epoch in range(12):
    total = 0.0
    for bp, bf, br in DataLoader(train_set, batch_size=128, shuffle=True):
        opt.zero_grad()
        loss = loss_fn(model(bp, bf), br)
        loss.backward()
        opt.step()
        total += loss.item() * len(br)
    with torch.no_grad():
        val_loss = loss_fn(model(val_p, val_f), val_r).item()
    print(f"epoch {epoch}: train {total / 8000:.4f} val {val_loss:.4f}")
print(f"final: eval_loss={val_loss:.4f} learned={1 - val_loss / val_r.var().item():.4f}")
