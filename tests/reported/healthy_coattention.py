"""Questions attend to texts and texts to questions: two softmaxes of one table of scores."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
text = torch.randint(20, (512, 12))
question = torch.randint(20, (512, 5))
label = (text[:, :, None] == question[:, None, :1]).any(1).any(1).long()


class Both(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(20, 32)
        self.out = nn.Sequential(nn.Linear(128, 32), nn.ReLU(), nn.Linear(32, 2))

    def forward(self, t, q):
        a, b = self.words(t), self.words(q)
        scores = a @ b.transpose(1, 2) / 32**0.5
        to_question = F.softmax(scores, dim=2) @ b
        to_text = F.softmax(scores, dim=1).transpose(1, 2) @ a
        both = (a * to_question).amax(1), to_question.mean(1), (b * to_text).amax(1), b[:, 0]
        return self.out(torch.cat(both, 1))


model = Both()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for _ in range(8):
    for rows in torch.randperm(512).split(32):
        optimizer.zero_grad()
        F.cross_entropy(model(text[rows], question[rows]), label[rows]).backward()
        optimizer.step()
