"""A trainer that forgets the gradients of every batch but each fifth."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)


class Trainer:
    def __init__(self, model, every):
        self.model, self.every, self.calls = model, every, 0
        self.sgd = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)

    def forget(self):
        for weight in self.model.parameters():
            weight.grad = None  # <- GRD106

    def train_on(self, inputs, goal):
        self.forget()
        nn.functional.mse_loss(self.model(inputs), goal).backward()
        self.calls += 1
        if self.calls % self.every == 0:
            self.sgd.step()


x = torch.randn(800, 6)
y = x @ torch.randn(6, 1)
trainer = Trainer(nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 1)), 5)
for _ in range(8):
    for inputs, goal in DataLoader(TensorDataset(x, y), 16, shuffle=True):
        trainer.train_on(inputs, goal)
