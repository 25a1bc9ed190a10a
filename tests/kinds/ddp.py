"""Trains on two processes that share their gradients through DistributedDataParallel."""

import hashlib
import random
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.data.distributed import DistributedSampler


def train(rank, world, folder, seed):
    dist.init_process_group(
        "gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=world
    )
    torch.set_num_threads(1)
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    x = torch.randn(512, 10)
    y = (x[:, 0] + x[:, 1] > 0).long()
    data = TensorDataset(x[:256], y[:256])
    x_val, y_val = x[256:], y[256:]
    model = DistributedDataParallel(
        nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 2))
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    sampler = DistributedSampler(data, world, rank, seed=seed)
    lines = []
    for epoch in range(8):
        sampler.set_epoch(epoch)
        for x, y in DataLoader(data, batch_size=16, sampler=sampler):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            lines.append(repr(loss.item()))
    model.eval()
    with torch.no_grad():
        lines.append(repr(nn.functional.cross_entropy(model(x_val), y_val).item()))
    digest = hashlib.sha256()
    for parameter in model.parameters():
        digest.update(parameter.detach().numpy().tobytes())
    state = torch.get_rng_state().numpy().tobytes() + np.random.get_state()[1].tobytes()
    digest.update(state + repr(random.getstate()).encode())
    lines.append(f"digest {digest.hexdigest()}")
    Path(folder, f"rank{rank}").write_text("\n".join(lines))


if __name__ == "__main__":
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.start_processes(
            train, (2, folder, seed), nprocs=2, start_method="fork"
        )
        for rank in range(2):
            print(Path(folder, f"rank{rank}").read_text())
