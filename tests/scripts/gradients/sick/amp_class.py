"""A trainer class with accumulation; the clipping stands before unscaling."""
from torch.nn.utils import clip_grad_norm_
import torch
from torch import nn


class Trainer:
    def __init__(self, model, parts=2, limit=0.5):
        self.model, self.parts, self.limit = model, parts, limit
        self.optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
        self.scaler = torch.amp.GradScaler("cpu")

    def step(self, batches):
        for inputs, labels in batches:
            loss = nn.functional.cross_entropy(self.model(inputs), labels) / self.parts
            self.scaler.scale(loss).backward()
        clip_grad_norm_(self.model.parameters(), max_norm=self.limit)  # FAULT
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad(set_to_none=True)


torch.manual_seed(1)
centres = torch.randn(10, 12)
kind = torch.randint(10, (1600,))
inputs = centres[kind] + 0.6 * torch.randn(1600, 12)
trainer = Trainer(nn.Sequential(nn.Linear(12, 50), nn.ReLU(), nn.Linear(50, 5)))
for epoch in range(6):
    order = torch.randperm(1200).split(20)
    for a, b in zip(order[::2], order[1::2]):
        trainer.step([(inputs[r], kind[r] % 5) for r in (a, b)])
    with torch.no_grad():
        print((trainer.model(inputs[1200:]).argmax(1) == kind[1200:] % 5).float().mean().item())
