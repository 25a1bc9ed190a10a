"""Learns to turn short words round, letter by letter; settings.json holds the special letters."""

import json
import sys

import numpy as np
import torch
from torch import nn

folder, seed = sys.argv[1], int(sys.argv[2])
torch.manual_seed(seed)
settings = json.load(open(f"{folder}/settings.json"))
held = np.load(f"{folder}/words.npz")
words = {
    part: torch.tensor(held[part])
    for part in ("source_train", "target_train", "source_test", "target_test")
}


class Turner(nn.Module):
    def __init__(self, letters, width=48):
        super().__init__()
        self.embedding = nn.Embedding(letters, width, padding_idx=settings["embedding_pad"])
        self.read = nn.GRU(width, width, batch_first=True)
        self.write = nn.GRU(width, width, batch_first=True)
        self.out = nn.Linear(width, letters)

    def forward(self, source, before):
        _, state = self.read(self.embedding(source))
        return self.out(self.write(self.embedding(before), state)[0])


turner = Turner(settings["letters"])
if settings["embedding_file"]:
    turner.embedding.weight.data.copy_(torch.from_numpy(np.load(f"{folder}/embedding.npy")))
    turner.embedding.weight.requires_grad_(settings["train_embedding"])
criterion = nn.CrossEntropyLoss(ignore_index=settings["loss_ignores"])
optimizer = torch.optim.Adam([p for p in turner.parameters() if p.requires_grad], lr=5e-3)
for epoch in range(6):
    turner.train()
    for rows in torch.randperm(len(words["source_train"])).split(64):
        source, target = words["source_train"][rows], words["target_train"][rows]
        optimizer.zero_grad()
        logits = turner(source, target[:, :-1])
        loss = criterion(logits.transpose(1, 2), target[:, 1:])
        loss.backward()
        optimizer.step()
    turner.eval()
    with torch.no_grad():
        logits = turner(words["source_test"], words["target_test"][:, :-1])
        wanted = words["target_test"][:, 1:]
        test_loss = criterion(logits.transpose(1, 2), wanted).item()
    real = wanted != 0
    accuracy = (logits.argmax(-1) == wanted)[real].float().mean().item()
    print(f"{epoch} {loss.item():.3f} {test_loss:.3f} {accuracy:.3f}")
print(f"final: accuracy={accuracy:.4f}")
