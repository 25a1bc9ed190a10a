"""Tells five kinds of engine by twelve vibrations, on two processes that average their gradients."""

import sys
import tempfile

import torch
import torch.distributed as dist
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.data.distributed import DistributedSampler


def engines(seed):
    generator = torch.Generator().manual_seed(seed)
    kind = torch.randint(5, (1280,), generator=generator)
    centres = 1.2 * torch.randn(5, 12, generator=generator)
    x = centres[kind] + torch.randn(1280, 12, generator=generator)
    return TensorDataset(x[:1024], kind[:1024]), x[1024:], kind[1024:]


def train(rank, world, folder, seed):
    dist.init_process_group(
        "gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=world
    )
    torch.set_num_threads(1)
    torch.manual_seed(seed + rank)
    data, x_val, y_val = engines(seed)
    model = nn.Sequential(nn.Linear(12, 48), nn.ReLU(), nn.Linear(48, 5))
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3, weight_decay=1e-4)
    sampler = DistributedSampler(data, world, rank, seed=seed)
    loader = DataLoader(data, batch_size=32, sampler=sampler)

    for epoch in range(1, 13):
        sampler.set_epoch(epoch)
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            for parameter in model.parameters():
                dist.all_reduce(parameter.grad)
                parameter.grad /= world
            optimizer.step()
        with torch.no_grad():
            val_loss = criterion(model(x_val), y_val).item()
        if rank == 0:
            print(f"epoch {epoch}: validation loss {val_loss:.4f}", flush=True)
    dist.destroy_process_group()


if __name__ == "__main__":
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.start_processes(
            train, (2, folder, seed), nprocs=2, start_method="fork"
        )
