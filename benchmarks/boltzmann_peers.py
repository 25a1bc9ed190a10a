"""Restricted Boltzmann machines of four libraries on the same rows: likelihood and time of a step.

    pip install --no-deps rbms learnergy h5py
    python benchmarks/boltzmann_peers.py [speed] [likelihood] [--cd25 FOLDER]

`speed` is one thread's CPU time of a step with 784x500 units and batches of 100, all taking turns.
`likelihood` fits 16 hidden units for 20 epochs, 500 for 10, to the binarised MNIST (`--cd25` as in
boltzmann.py), each library's own algorithm with batches of 100, and lets trainwell measure all:
exactly for 16 units, by AIS from the data's base rates for 500. rbms: centred PCD-1; learnergy:
CD-1; scikit-learn: PCD-1. The rate is the best of 0.3, 0.1, 0.03 and 0.01 by the last 10,000
training rows, for every library alike.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from sklearn.neural_network import BernoulliRBM

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.boltzmann import alternate, binarised, command, row, stepper

from trainwell.boltzmann import RBM
from trainwell.boltzmann.draws import Draws
from trainwell.boltzmann.likelihood import log_likelihood, log_partition
from trainwell.boltzmann.restricted import Restricted
from trainwell.boltzmann.units import BernoulliUnits

BATCH = 100
RATES = (0.3, 0.1, 0.03, 0.01)
EPOCHS = {16: 20, 500: 10}
"""By hidden units."""


def batches(rows: torch.Tensor) -> Iterator[torch.Tensor]:
    for some in torch.randperm(len(rows)).split(BATCH):
        yield rows[some]


def ours(
    rows: torch.Tensor, hidden: int, rate: float, epochs: int, precision: str = "float32"
) -> Restricted:
    machine = RBM(
        hidden,
        n_iter=epochs,
        learning_rate=rate,
        batch_size=BATCH,
        precision=precision,
        random_state=0,
    )
    found: Restricted = machine.fit(rows.numpy()).machine_
    return found


def sklearn(rows: torch.Tensor, hidden: int, rate: float, epochs: int) -> Restricted:
    peer = BernoulliRBM(
        hidden, learning_rate=rate, batch_size=BATCH, n_iter=epochs, random_state=0
    ).fit(rows.numpy())
    parts = (peer.components_.T, peer.intercept_visible_, peer.intercept_hidden_)
    return Restricted(*(torch.from_numpy(p.copy()).float() for p in parts), BernoulliUnits())


def rbms_stepper(rows: torch.Tensor, hidden: int, rate: float) -> tuple[Any, Callable[..., None]]:
    from types import SimpleNamespace

    from rbms.bernoulli_bernoulli.classes import BBRBM
    from rbms.training.pcd import fit_batch_pcd

    machine = BBRBM.init_parameters(
        hidden, SimpleNamespace(data=rows), torch.device("cpu"), torch.float32
    )
    machine.init_grad()
    optimizer = torch.optim.SGD(machine.parameters(), lr=rate, maximize=True)
    chains = machine.init_chains(num_samples=BATCH)

    def step(batch: torch.Tensor) -> None:
        nonlocal chains
        with torch.no_grad():
            optimizer.zero_grad(set_to_none=False)
            weights = torch.ones(len(batch), 1)
            chains, _ = fit_batch_pcd((batch, weights), chains, machine, gibbs_steps=1, beta=1.0)
            optimizer.step()

    return machine, step


def rbms(rows: torch.Tensor, hidden: int, rate: float, epochs: int) -> Restricted:
    torch.manual_seed(0)
    machine, step = rbms_stepper(rows, hidden, rate)
    for _ in range(epochs):
        for batch in batches(rows):
            step(batch)
    parts = (machine.weight_matrix, machine.vbias, machine.hbias)
    return Restricted(*(p.detach().clone() for p in parts), BernoulliUnits())


def learnergy_model(rows: torch.Tensor, hidden: int, rate: float) -> tuple[Any, Any]:
    from learnergy.models.bernoulli import rbm

    torch.manual_seed(0)
    data = torch.utils.data.TensorDataset(rows, torch.zeros(len(rows)))
    return rbm.RBM(rows.shape[1], hidden, learning_rate=rate), data


def learnergy(rows: torch.Tensor, hidden: int, rate: float, epochs: int) -> Restricted:
    peer, data = learnergy_model(rows, hidden, rate)
    peer.fit(data, batch_size=BATCH, epochs=epochs)
    return Restricted(*(p.detach().clone() for p in (peer.W, peer.a, peer.b)), BernoulliUnits())


LIBRARIES: dict[str, Callable[..., Restricted]] = {
    "trainwell": ours,
    "trainwell bf16": partial(ours, precision="bf16"),
    "rbms": rbms,
    "learnergy": learnergy,
    "scikit-learn": sklearn,
}


def score(machine: Restricted, rows: torch.Tensor, mean: torch.Tensor, count: int) -> float:
    """Mean log-likelihood of rows, nats."""
    exact = machine.n_hidden <= 20
    base = BernoulliUnits().bias_of(mean, count)
    z = log_partition(
        machine,
        "exact" if exact else "ais",
        base,
        Draws(0),
        chains=100,
        n_temperatures=10_000,
    )
    return log_likelihood(machine.free_energy(rows), z).value


def likelihood(folder: Path) -> None:
    train, test = (torch.from_numpy(part) for part in binarised(folder))
    fitted, held = train[:50_000], train[50_000:]
    mean = train.mean(0)
    for hidden, epochs in EPOCHS.items():
        for name, fit in LIBRARIES.items():
            best, chosen = -float("inf"), 0.0
            for rate in RATES:
                value = score(fit(fitted, hidden, rate, epochs), held, mean, len(train))
                if value > best:
                    best, chosen = value, rate
            began = time.process_time()
            machine = fit(train, hidden, chosen, epochs)
            seconds = time.process_time() - began
            value = score(machine, test, mean, len(train))
            what = f"RBM({hidden}), {epochs} epochs, {name}, rate {chosen}, {seconds:.0f} s"
            row("peers", what, f"{value:.2f}", "")


def speed() -> None:
    torch.set_num_threads(1)
    array = (np.random.default_rng(0).random((2000, 784)) < 0.13).astype(np.float32)
    rows = torch.from_numpy(array)

    _, rbms_step = rbms_stepper(rows, 500, 0.01)

    def rbms_work() -> None:
        for batch in rows.split(BATCH):
            rbms_step(batch)

    peer, data = learnergy_model(rows, 500, 0.01)
    sk = BernoulliRBM(500, batch_size=BATCH, n_iter=1, learning_rate=0.01, random_state=0)
    cost = alternate(
        {
            "trainwell": stepper(rows, "float32"),
            "trainwell bf16": stepper(rows, "bf16"),
            "rbms": rbms_work,
            "learnergy": lambda: peer.fit(data, batch_size=BATCH, epochs=1),
            "scikit-learn": lambda: sk.fit(array),
        },
        15,
    )
    for name, seconds in cost.items():
        row("peers", f"ms a step, {name}", f"{seconds / 20 * 1e3:.2f}", "")
    row("peers", "step over rbms's", f"{cost['trainwell'] / cost['rbms']:.2f}", "<= 0.3")
    row("peers", "the same in bf16", f"{cost['trainwell bf16'] / cost['rbms']:.2f}", "")
    row("peers", "step over learnergy's", f"{cost['trainwell'] / cost['learnergy']:.2f}", "")


PARTS = {"speed": speed, "likelihood": likelihood}


if __name__ == "__main__":
    command(__doc__, PARTS, ("likelihood",))
