"""Trains in a worker process started by forkserver, and in the parent."""
# steps: any

import hashlib
import multiprocessing
import sys

import torch
import torch.nn.functional as F
from torch import nn

def train(seed, queue=None):
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    x = torch.randn(128, 8)
    y = (x[:, 0] * x[:, 1] > 0).long()
    model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    lines = [__name__, multiprocessing.current_process().name]
    for step in range(30):
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        lines.append(repr(loss.item()))
    if queue is not None:
        queue.put(lines)
        sys.exit(3)
    return model, lines

if __name__ == "__main__":
    context = multiprocessing.get_context("forkserver")
    queue = context.Queue()
    worker = context.Process(target=train, args=(1, queue))
    worker.start()
    print(queue.get())
    worker.join()
    print(worker.exitcode, [p.name for p in multiprocessing.active_children()])
    model, lines = train(0)
    print(lines)
    print("digest", hashlib.sha256(b"".join(p.detach().numpy().tobytes() for p in model.parameters())).hexdigest())
