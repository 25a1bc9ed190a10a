"""How well and how fast the Boltzmann machines learn, beside what is published and the peers.

    make data
    python benchmarks/boltzmann.py [PART ...] [--cd25 FOLDER]

Parts: cd25, bars, encoder, rbm16, speed, stream, rbm500, dbn, untrained, hybrid, discriminative,
few, defaults; all when none is named. Each prints rows of a table: what, measured, wanted. From
rbm500 on each part takes 5 to 30 minutes. `--cd25` is a folder with a published RBM(500) trained by
CD-25 and its binarised MNIST (gpapamak/distilling_intractable_generative_models, not in this
repository), which cd25, rbm16 and rbm500 need.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Collection
from pathlib import Path
from statistics import median

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import BernoulliRBM

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.datasets import load

from trainwell.boltzmann import RBM, BoltzmannMachine, ClassificationRBM, DBNClassifier
from trainwell.boltzmann.draws import Draws
from trainwell.boltzmann.learner import Learner
from trainwell.boltzmann.likelihood import log_likelihood, log_partition
from trainwell.boltzmann.products import add_outer, affine
from trainwell.boltzmann.restricted import Restricted
from trainwell.boltzmann.rules import Rules
from trainwell.boltzmann.units import BernoulliUnits

CD25 = Path(__file__).parents[2] / "shared" / "data" / "cd25"
NEED_CD25 = ("cd25", "rbm16", "rbm500")


def row(part: str, what: str, measured: str, wanted: str) -> None:
    print(f"| {part} | {what} | {measured} | {wanted} |", flush=True)


def binarised(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Training and test rows of the stochastically binarised MNIST."""
    packed = np.load(folder / "binarized_mnist.npz")
    train, test = (np.unpackbits(packed[k], axis=1)[:, :784] for k in ("train", "test"))
    return train.astype(np.float32), test.astype(np.float32)


def cd25(folder: Path) -> None:
    train, test = binarised(folder)
    stored = np.load(folder / "rbm_cd25_500.npz")
    weights, a, b = (torch.from_numpy(stored[k]).float() for k in ("W", "a", "b"))
    machine = Restricted(weights, a, b, BernoulliUnits())
    base = BernoulliUnits().bias_of(torch.from_numpy(train.mean(0)), len(train))
    began = time.process_time()
    z = log_partition(machine, "ais", base, Draws(0), chains=500, n_temperatures=20_000)
    seconds = time.process_time() - began
    told = f"{z.value:.2f} ± {z.standard_error:.2f}, ESS {z.effective_sample_size:.0f}"
    row("cd25", f"log Z, 500 chains, 20,000 temperatures, {seconds:.0f} s", told, "451.3 ± 0.3")
    found = log_likelihood(machine.free_energy(torch.from_numpy(test)), z)
    row("cd25", "test log-likelihood, nats", f"{found.value:.2f}", "-86.4 ± 0.3")
    z = log_partition(machine, "ais", torch.zeros(784), Draws(0), chains=100, n_temperatures=1000)
    found = log_likelihood(machine.free_energy(torch.from_numpy(test)), z)
    row("cd25", "the same from a uniform start, 1,000", f"{found.value:.2f}", "falsely good")


def bars() -> None:
    side = np.array([[(i >> k) & 1 for k in range(4)] for i in range(16)], dtype=np.float32)
    rows = np.concatenate([np.repeat(side, 4, axis=1), np.tile(side, 4)])
    for algorithm in ("pt", "pcd", "cd"):
        scores = [
            RBM(
                16,
                algorithm=algorithm,
                n_iter=3000,
                batch_size=32,
                learning_rate=0.2,
                random_state=seed,
            )
            .fit(rows)
            .score(rows)
            for seed in range(5)
        ]
        told = f"{median(scores):.3f} ({min(scores):.3f} to {max(scores):.3f})"
        wanted = ">= -3.6 (bound -3.379)" if algorithm == "pt" else ""
        row("bars", f"bars and stripes 4x4, 16 hidden, {algorithm}, 5 seeds", told, wanted)


def encoder() -> None:
    units = np.arange(11)
    group = np.repeat([0, 1, 2], [4, 4, 3])
    linked = (group[:, None] != group[None, :]) | (units[:, None] != units[None, :])
    # The two visible groups know of each other through the hidden units only.
    linked &= ~((group[:, None] < 2) & (group[None, :] < 2) & (group[:, None] != group[None, :]))
    codes = np.eye(4, dtype=np.float32)
    every = np.array([[(i >> k) & 1 for k in range(4)] for i in range(16)], dtype=np.float32)
    solved = 0
    for seed in range(40):
        machine = BoltzmannMachine(
            3,
            connectivity=linked,
            algorithm="exact",
            n_iter=400,
            # A row at a time: the noise leads out of optima in which two codes are one.
            batch_size=1,
            learning_rate=1.0,
            weight_scale=1.0,
            random_state=seed,
        ).fit(np.hstack([codes, codes]))
        right = 0
        for code in codes:
            joint = np.hstack([np.repeat(code[None], 16, 0), every])
            chance = np.exp(machine.score_samples(joint))
            right += (every[chance.argmax()] == code).all() and chance.max() > chance.sum() / 2
        solved += right == 4
    row("encoder", "4-3-4 encoder solved (each code completed, p > 1/2)", f"{solved} of 40", "40")


def rbm16(folder: Path) -> None:
    train, test = binarised(folder)
    began = time.process_time()
    # Chosen from eight settings by the last 10,000 training rows, after fits to the others.
    options = {"learning_rate": 0.05, "batch_size": 10, "n_gibbs_steps": 5}
    scores = [
        RBM(16, n_iter=20, random_state=seed, **options).fit(train).score(test) for seed in range(3)
    ]
    seconds = (time.process_time() - began) / len(scores)
    told = ", ".join(f"{score:.2f}" for score in scores)
    what = f"RBM(16), 20 epochs, {seconds:.0f} s, exact, 3 seeds"
    row("rbm16", what, f"{median(scores):.2f} ({told})", ">= -140.3")


def rbm500(folder: Path) -> None:
    train, test = binarised(folder)
    began = time.process_time()
    machine = RBM(500, n_iter=150, learning_rate=0.1, weight_decay=3e-4, random_state=0).fit(train)
    seconds = time.process_time() - began
    for method in ("ais", "reverse_ais"):
        found = machine.log_likelihood(test, method, n_temperatures=20_000)
        part = found.partition
        told = f"{found.value:.2f} (log Z ± {part.standard_error:.2f})"
        row("rbm500", f"RBM(500), 150 epochs, {seconds:.0f} s, {method}", told, ">= -86.0")


def alternate(parts: dict[str, Callable[[], None]], repeats: int) -> dict[str, float]:
    """CPU seconds of each part, the median over repeats in which they take turns."""
    for work in parts.values():
        work()
    times: dict[str, list[float]] = {name: [] for name in parts}
    for _ in range(repeats):
        for name, work in parts.items():
            began = time.process_time()
            work()
            times[name].append(time.process_time() - began)
    return {name: median(some) for name, some in times.items()}


def stepper(rows: torch.Tensor, precision: str) -> Callable[[], None]:
    """Makes steps of 784x500 units on all rows, 100 at a time."""
    machine = Restricted(
        torch.randn(784, 500) * 0.01, torch.zeros(784), torch.zeros(500), BernoulliUnits()
    )
    rules = Rules(precision=precision)
    learner = Learner(machine, rules, Draws(0), torch.zeros(784), rows.mean(0))

    def work() -> None:
        for batch in rows.split(100):
            learner.step(batch, 0.01)

    return work


def speed() -> None:
    torch.set_num_threads(1)
    rows = (np.random.default_rng(0).random((2000, 784)) < 0.13).astype(np.float32)
    tensor = torch.from_numpy(rows)
    weights, stacked = torch.randn(784, 500) * 0.01, torch.rand(200, 784)
    bias, below = torch.zeros(500), torch.zeros(784)

    def five() -> None:
        for _ in range(20):
            hidden = affine(bias, stacked, weights)
            affine(below, hidden[100:], weights.t())
            add_outer(weights, stacked, hidden, rate=1e-9)

    peer = BernoulliRBM(500, batch_size=100, n_iter=1, learning_rate=0.01, random_state=0)
    parts = {
        "sklearn": lambda: peer.fit(rows),
        "ours": stepper(tensor, "float32"),
        "bf16": stepper(tensor, "bf16"),
        "five": five,
    }
    cost = alternate(parts, 15)
    for name, seconds in cost.items():
        row("speed", f"ms a step, {name}", f"{seconds / 20 * 1e3:.2f}", "")
    ratio = {n: s / cost["sklearn"] for n, s in cost.items()}
    row("speed", "step over scikit-learn float32", f"{ratio['ours']:.2f}", "<= 0.45")
    row("speed", "the same in bf16", f"{ratio['bf16']:.2f}", "<= 0.28")
    row("speed", "step over its five products", f"{cost['ours'] / cost['five']:.2f}", "<= 1.3")
    walls: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(7):
        for threads, times in walls.items():
            torch.set_num_threads(threads)
            parts["ours"]()
            began = time.perf_counter()
            parts["ours"]()
            times.append(time.perf_counter() - began)
    torch.set_num_threads(1)
    ratio_of_walls = median(walls[2]) / median(walls[1])
    row("speed", "wall time of two threads over one", f"{ratio_of_walls:.2f}", "<= 1")


def _dbn(pretrain: bool, what: str, wanted: str) -> None:
    train, labels, test, answers = load("mnist")
    began = time.process_time()
    # Dropout was chosen on 50,000 training rows by the other 10,000; this fit is to all.
    network = DBNClassifier(
        (500, 500, 2000),
        pretrain=pretrain,
        n_iter=20,
        learning_rate=0.05,
        finetune_iter=200,
        finetune_learning_rate=1e-3,
        dropout=0.5,
        input_dropout=0.2,
        random_state=0,
    )
    network.fit(train, labels)
    seconds = time.process_time() - began
    told = f"{100 * (1 - network.score(test, answers)):.2f} %"
    row("dbn", f"DBN 500-500-2000, MNIST, {what}, {seconds:.0f} s", told, wanted)


def dbn() -> None:
    _dbn(True, "pre-trained", "<= 1.2 %")


def untrained() -> None:
    _dbn(False, "the same from random weights", "")


def _classify(objective: str, wanted: str) -> None:
    train, labels, test, answers = load("mnist")
    began = time.process_time()
    # Rate, batches, chains and the generative part's weight (of 0.01, 0.03 and 0.1) were chosen by
    # the last 10,000 training rows, which learn nothing.
    machine = ClassificationRBM(
        1500,
        objective=objective,
        algorithm="cd",
        generative_weight=0.1,
        learning_rate=0.5,
        batch_size=10,
        n_iter=50,
        random_state=0,
    ).fit(train[:50_000], labels[:50_000])
    seconds = time.process_time() - began
    held = 100 * (1 - machine.score(train[50_000:], labels[50_000:]))
    told = f"{100 * (1 - machine.score(test, answers)):.2f} % (held out {held:.2f} %)"
    row("classify", f"ClassificationRBM(1500), {objective}, {seconds:.0f} s", told, wanted)


def hybrid() -> None:
    _classify("hybrid", "<= 1.4 % (published 1.28)")


def discriminative() -> None:
    _classify("discriminative", "published 1.81 %")


def few() -> None:
    train, labels, test, answers = load("mnist")
    dbn_options = {
        "n_iter": 10,
        "learning_rate": 0.05,
        "finetune_iter": 100,
        "finetune_batch_size": 20,
        "finetune_learning_rate": 1e-3,
    }
    for count in (10, 100, 1000):
        picked = np.concatenate([np.flatnonzero(labels == c)[: count // 10] for c in range(10)])
        pixels = LogisticRegression(max_iter=2000).fit(train[picked], labels[picked])
        told = [f"logistic regression {100 * pixels.score(test, answers):.1f} %"]
        for pretrain in (True, False):
            network = DBNClassifier((500, 500), pretrain=pretrain, random_state=0, **dbn_options)
            network.fit(train[picked], labels[picked], unlabelled=train)
            name = "DBN" if pretrain else "random weights"
            told.append(f"{name} {100 * network.score(test, answers):.1f} %")
        row("few", f"accuracy with {count} labels", ", ".join(told), "")


def defaults() -> None:
    for name in ("mnist", "fashion"):
        train, labels, test, answers = load(name)
        told = []
        for what, classifier in (
            ("logistic regression", LogisticRegression(max_iter=100)),
            ("ClassificationRBM", ClassificationRBM(random_state=0)),
            ("DBN 500-500", DBNClassifier((500, 500), random_state=0)),
            ("random weights", DBNClassifier((500, 500), pretrain=False, random_state=0)),
        ):
            began = time.process_time()
            correct = classifier.fit(train, labels).score(test, answers)
            seconds = time.process_time() - began
            told.append(f"{what} {100 * (1 - correct):.2f} % ({seconds:.0f} s)")
        row("defaults", f"test error on {name} as they come", ", ".join(told), "")


def stream() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.dat"
        count, width = 10_000_000, 32
        rng = np.random.default_rng(0)
        # Not through a map: its pages would count as this process's memory before the fit.
        with path.open("wb") as file:
            for _ in range(0, count, 500_000):
                file.write(rng.integers(0, 2, (500_000, width), dtype=np.uint8).tobytes())
        rows = np.memmap(path, dtype=np.uint8, mode="r", shape=(count, width))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.process_time()
        RBM(16, batch_size=1000, random_state=0).partial_fit(rows)
        seconds = time.process_time() - began
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        row(
            "stream",
            f"10 million rows of 32 from a memory map, {seconds:.0f} s",
            f"{grown:.0f} MiB more, the map's pages included",
            f"map {count * width >> 20} MiB",
        )


PARTS = {
    part.__name__: part
    for part in (
        cd25,
        bars,
        encoder,
        rbm16,
        speed,
        stream,
        rbm500,
        dbn,
        untrained,
        hybrid,
        discriminative,
        few,
        defaults,
    )
}


def command(doc: str, parts: dict[str, Callable[..., None]], need_cd25: Collection[str]) -> None:
    """Run the parts that the command line names, or all."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(parts))
    parser.add_argument("--cd25", type=Path, default=CD25)
    given = parser.parse_args()
    for name in given.parts or parts:
        if name not in parts:
            parser.error(f"unknown part `{name}`: {', '.join(parts)}")
        parts[name](*([given.cd25] if name in need_cd25 else []))


if __name__ == "__main__":
    command(__doc__, PARTS, NEED_CD25)
