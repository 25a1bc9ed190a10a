"""Trains in a pool of forked workers, and loads data with workers of its own."""
# steps: any

import multiprocessing

import torch
import torch.nn.functional as F
from torch import nn

def train(seed):
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    x = torch.randn(64, 8)
    model = nn.Linear(8, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(20):
        loss = F.mse_loss(model(x), x.sum(1, keepdim=True))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return seed, loss.item()

if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(pool.map(train, range(4)))
        try:
            pool.apply(train, ("no seed",))
        except (TypeError, ValueError) as error:
            print(type(error).__name__)
    print(train(9))
