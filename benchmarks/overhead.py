"""What watching costs: bare and watched runs of the same training in turns, and whole scripts.

    python benchmarks/overhead.py [--seconds 8] [--repeats 9] [--only NAME] [--quick]
    python benchmarks/overhead.py --soak [SECONDS]

In a repeat a bare and a watched process train the same network in turns of 0.2 seconds, so that
the drifts of a shared machine hit both. Prints, for each routine, the median over the repeats of:
the ratio of watched to bare wall time, the smallest and largest ratio, the ratio of CPU times (the
first step left out of both), the extra cost of the first step, the share of the time that the probe
measured itself ("inside"), and the number of samples. Then what `benchmarks/start_up.py` measures:
start-up, first step, end, whole scripts. One thread each. Pin it to one processor (`taskset -c 0`)
where other work runs on the machine.

With `--soak` one watched and one bare process make small steps in turns, until each has trained
that many seconds. Prints the memory of both at every tenth of the time, and whether the memory of
the probe stays flat and its overhead inside the budget.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any, TextIO

os.environ.setdefault("OMP_NUM_THREADS", "1")

import start_up
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812
from torch.optim import Adam

from trainwell.probes.probe import Probe
from trainwell.record import Run
from trainwell.record.store import Store

LIMIT = 1.03
"""Ratio of watched to bare seconds, the first step left out."""

TURN = 0.2
"""Seconds that one process trains before it is the other one's turn."""

GROWTH = 1 << 20
"""Bytes per 100,000 steps that a watched process may grow more than a bare one."""

Routine = Iterator[None]
"""A training that makes one step whenever it is asked for the next item. It never ends."""


def plain(model: nn.Module, x: torch.Tensor) -> Routine:
    """Train a classifier of 10 classes on one line."""
    y = torch.randint(10, (len(x),))
    optimizer = Adam(model.parameters(), lr=1e-4)
    while True:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        yield


def mlp() -> Routine:
    layers = [nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)]
    return plain(nn.Sequential(*layers), torch.randn(128, 784))


def cnn() -> Routine:
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64 * 49, 10),
    )
    return plain(model, torch.randn(64, 1, 28, 28))


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(128, 4, 256, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(128, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.encoder(x).mean(1))


def transformer() -> Routine:
    return plain(Encoder(), torch.randn(32, 64, 128))


def deep() -> Routine:
    layers: list[nn.Module] = []
    for _ in range(50):
        layers += [nn.Linear(128, 128), nn.ReLU()]
    return plain(nn.Sequential(*layers, nn.Linear(128, 10)), torch.randn(64, 128))


def two_phases() -> Routine:
    """Warm up for 20 steps on one line, then train on another."""
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 2))
    optimizer = Adam(model.parameters(), lr=1e-3)
    x, y = torch.randn(64, 20), torch.randint(2, (64,))
    for _ in range(20):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        yield
    while True:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        yield


def gan() -> Routine:
    """Train a generator and a discriminator: three backward lines in a step."""
    maker = nn.Sequential(nn.Linear(32, 128), nn.ReLU(), nn.Linear(128, 64))
    judge = nn.Sequential(nn.Linear(64, 128), nn.LeakyReLU(0.2), nn.Linear(128, 1))
    maker_optimizer = Adam(maker.parameters(), lr=2e-4, betas=(0.5, 0.999))
    judge_optimizer = Adam(judge.parameters(), lr=2e-4, betas=(0.5, 0.999))
    real, yes, no = torch.randn(128, 64), torch.ones(128, 1), torch.zeros(128, 1)
    while True:
        made = maker(torch.randn(128, 32))
        judge_optimizer.zero_grad()
        loss_real = F.binary_cross_entropy_with_logits(judge(real), yes)
        loss_real.backward()
        loss_made = F.binary_cross_entropy_with_logits(judge(made.detach()), no)
        loss_made.backward()
        judge_optimizer.step()
        maker_optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(judge(made), yes)
        loss.backward()
        maker_optimizer.step()
        yield


def many_evaluations() -> Routine:
    """Evaluate 5 batches after every 5 training steps."""
    model = nn.Sequential(nn.Linear(100, 256), nn.ReLU(), nn.Dropout(0.2), nn.Linear(256, 10))
    optimizer = Adam(model.parameters(), lr=1e-4)
    x, y = torch.randn(640, 100), torch.randint(10, (640,))
    batches = list(zip(x.split(64), y.split(64), strict=True))
    while True:
        model.train()
        for inputs, targets in batches[:5]:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(inputs), targets)
            loss.backward()
            optimizer.step()
            yield
        model.eval()
        with torch.no_grad():
            for inputs, targets in batches[5:]:
                F.cross_entropy(model(inputs), targets).item()


def tiny() -> Routine:
    """Fit a curve with a network of 65 parameters."""
    model = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1))
    optimizer = Adam(model.parameters(), lr=1e-3)
    x = torch.randn(32, 2)
    y = x.prod(1, keepdim=True)
    while True:
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        yield


def forwards_first() -> Routine:
    """Compute 2,000 batches of features with gradients on, then train a head on features.

    Each of these forward passes counts as a step.
    """
    body = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU())
    x = torch.randn(64, 784)
    for _ in range(2000):
        body(x)
        yield
    yield from plain(nn.Sequential(body, nn.Linear(128, 10)), x)


@dataclass(frozen=True)
class Case:
    """One row of the benchmark.

    Attributes:
        routine: builds the training.
        steps: smallest number of steps in a repeat of the full benchmark.
    """

    routine: Callable[[], Routine]
    steps: int = 0


CASES = {
    "MLP 784-512-512-10, batch 128": Case(mlp),
    "CNN 1x28x28, batch 64": Case(cnn),
    "transformer 2x128, length 64, batch 32": Case(transformer),
    "MLP of 50 layers, batch 64": Case(deep),
    "two phases": Case(two_phases),
    "GAN, three backward lines": Case(gan),
    "many evaluations": Case(many_evaluations),
    "tiny steps": Case(tiny, steps=100_000),
    "forwards before the first backward": Case(forwards_first),
}


def resident() -> int:
    """Bytes of memory that this process holds; its peak where the system does not tell."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def footprint(probe: Probe) -> tuple[int, int]:
    """Objects that the probe keeps, and their bytes: all that is reachable through trainwell's own.

    The script's objects (tensors, modules, frames, code) are not entered.
    """
    seen: set[int] = set()
    size = 0
    waiting: list[Any] = [probe]
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, dict):
            waiting += [*each.keys(), *each.values()]
        elif isinstance(each, (list, tuple, set, frozenset)):
            waiting += each
        elif type(each).__module__.startswith("trainwell"):
            waiting.append(getattr(each, "__dict__", None))
            slots = getattr(type(each), "__slots__", ())
            waiting += [getattr(each, name, None) for name in slots if name != "__weakref__"]
        elif not isinstance(each, (str, bytes, int, float)):
            continue
        size += sys.getsizeof(each)
    return len(seen), size


class Watcher:
    """A probe with the default budget, for which the other process's turns take no time."""

    def __init__(self, folder: str) -> None:
        self.run = Run(f"bench-{os.getpid()}", "bench.py", started=time.time())
        store = Store(f"{folder}/runs.db")
        store.begin(self.run)
        self.probe = Probe(
            self.run,
            lambda facts, vitals: store.write(self.run, facts, vitals),
            home=os.path.dirname(os.path.abspath(__file__)),
        )
        self.probe.attach()

    def skip(self, seconds: float) -> None:
        """Take a pause out of every clock of the probe."""
        self.probe.budget.began += seconds
        self.probe._flushed += seconds
        for watched in self.probe.objectives.all():
            watched.began += seconds

    def facts(self) -> dict[str, Any]:
        objects, size = footprint(self.probe)
        return {
            "inside": self.probe.budget.overhead(),
            "samples": sum(w.schedule.looks for w in self.probe.objectives.all()),
            "objects": objects,
            "bytes": size,
        }


def serve(make: Callable[[], Routine], probed: bool, turn: TextIO, done: TextIO) -> None:
    """One training, a block of steps whenever it is its turn.

    Args:
        make: builds the training.
        probed: under watch, with the default budget.
        turn: says how many steps to make; 0 asks for facts, and -1 ends the run.
        done: takes the wall and CPU seconds that the steps took, or the facts.
    """
    torch.manual_seed(0)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        watcher = Watcher(folder) if probed else None
        routine = make()
        ended = time.perf_counter()
        while (steps := int(turn.readline())) >= 0:
            if not steps:
                answer: Any = {"resident": resident()}
                if watcher is not None:
                    # The facts are of the moment when the last turn ended.
                    watcher.skip(time.perf_counter() - ended)
                    ended = time.perf_counter()
                    answer |= watcher.facts()
            else:
                began, cpu_began = time.perf_counter(), time.process_time()
                if watcher is not None:
                    watcher.skip(began - ended)
                for _ in range(steps):
                    next(routine)
                ended = time.perf_counter()
                answer = ended - began, time.process_time() - cpu_began
            print(json.dumps(answer), file=done, flush=True)
        if watcher is not None:
            watcher.probe.finish()
        print(json.dumps(watcher.run.notes if watcher else []), file=done, flush=True)


class Trainee:
    """A forked process that trains in turns.

    Attributes:
        wall: seconds that its steps took, but for those of the first calls of `train`.
        cpu: the same in CPU time.
    """

    def __init__(self, make: Callable[[], Routine], probed: bool) -> None:
        turn_reader, turn_writer = os.pipe()
        done_reader, done_writer = os.pipe()
        self.wall = self.cpu = 0.0
        self._process = os.fork()
        if self._process == 0:
            status = 1
            try:
                os.close(turn_writer)
                serve(make, probed, os.fdopen(turn_reader), os.fdopen(done_writer, "w"))
                status = 0
            finally:
                os._exit(status)
        os.close(turn_reader)
        os.close(done_writer)
        self._turn, self._done = os.fdopen(turn_writer, "w"), os.fdopen(done_reader)

    def train(self, steps: int) -> float:
        """Make steps; the wall seconds that they took."""
        wall, cpu = self._ask(steps)
        self.wall += wall
        self.cpu += cpu
        return wall

    def facts(self) -> dict[str, Any]:
        return self._ask(0)

    def end(self) -> None:
        """End the training.

        Raises:
            RuntimeError: if the probe noted trouble.
        """
        notes = self._ask(-1)
        self._turn.close()
        self._done.close()
        os.waitpid(self._process, 0)
        if notes:
            raise RuntimeError(f"the probe says: {notes}")

    def _ask(self, steps: int) -> Any:
        print(steps, file=self._turn, flush=True)
        return json.loads(self._done.readline())


class Pair:
    """A bare and a watched process that make the same steps in turns.

    Attributes:
        steps: steps of each since the first.
        first: seconds that the first step took longer under watch.
    """

    def __init__(self, make: Callable[[], Routine]) -> None:
        self.bare, self.watched = Trainee(make, probed=False), Trainee(make, probed=True)
        self.first = self.watched.train(1) - self.bare.train(1)
        for trainee in (self.bare, self.watched):
            trainee.wall = trainee.cpu = 0.0
        self.steps = 0
        self._turns = 0
        self.advance(5)

    def advance(self, steps: int | None = None) -> None:
        """Let each make steps: as many as take a turn, where no number is given."""
        if steps is None:
            steps = max(1, round(TURN / (self.bare.wall / self.steps)))
        # Who is first changes, so that neither always finds the other's warm processor.
        self._turns += 1
        for trainee in (self.bare, self.watched) if self._turns % 2 else (self.watched, self.bare):
            trainee.train(steps)
        self.steps += steps

    @property
    def ratio(self) -> float:
        """Watched to bare wall time."""
        return self.watched.wall / self.bare.wall

    @property
    def cpu_ratio(self) -> float:
        """Watched to bare CPU time."""
        return self.watched.cpu / self.bare.cpu

    def end(self) -> None:
        self.bare.end()
        self.watched.end()


def measure(name: str, case: Case, seconds: float, repeats: int, steps: int) -> bool:
    """Print one row; whether the limit is met."""
    pairs, found = [], []
    for _ in range(repeats):
        pair = Pair(case.routine)
        while pair.bare.wall < seconds or pair.steps < steps:
            pair.advance()
        found.append(pair.watched.facts())
        pair.end()
        pairs.append(pair)
    ratios = [pair.ratio for pair in pairs]
    ratio = median(ratios)
    step_time = median(pair.bare.wall / pair.steps for pair in pairs)
    print(
        f"{name:40} {step_time * 1e3:7.2f} ms {ratio:7.3f} [{min(ratios):.3f}, {max(ratios):.3f}]"
        f" {median(pair.cpu_ratio for pair in pairs):7.3f}"
        f" {median(pair.first for pair in pairs) * 1e3:+8.1f} ms"
        f" {median(each['inside'] for each in found):8.2%}"
        f" {median(each['samples'] for each in found):7.0f}"
        f"  {'met' if ratio <= LIMIT else 'MISSED'}",
        flush=True,
    )
    return ratio <= LIMIT


def soak(seconds: float) -> bool:
    """Train in small steps for a long time; whether memory stays flat and overhead in the budget.

    Args:
        seconds: that each of the two processes trains.
    """
    print(
        f"{'time':>6} {'steps':>10} {'bare':>10} {'watched':>10} {'ratio':>7} {'CPU':>7}"
        f" {'inside':>8} {'samples':>8} {'RSS bare':>10} {'RSS watched':>12} {'probe keeps':>24}"
    )
    pair = Pair(tiny)
    rows: list[tuple[int, int, int, int]] = []
    for tenth in range(1, 11):
        while pair.bare.wall < seconds * tenth / 10:
            pair.advance()
        bare, watched = pair.bare.facts(), pair.watched.facts()
        rows.append((pair.steps, bare["resident"], watched["resident"], watched["bytes"]))
        kept = f"{watched['objects']:,} objects, {watched['bytes'] / 2**20:.2f} MB"
        print(
            f"{pair.bare.wall:5.0f}s {pair.steps:10,} {pair.steps / pair.bare.wall:8,.0f}/s"
            f" {pair.steps / pair.watched.wall:8,.0f}/s {pair.ratio:7.3f} {pair.cpu_ratio:7.3f}"
            f" {watched['inside']:8.2%} {watched['samples']:8}"
            f" {bare['resident'] / 2**20:7.1f} MB {watched['resident'] / 2**20:9.1f} MB {kept:>24}",
            flush=True,
        )
    pair.end()
    (half, *before), (steps, *after) = rows[4], rows[-1]
    of_bare, of_watched, of_probe = (
        (b - a) / (steps - half) * 100_000 for a, b in zip(before, after, strict=True)
    )
    flat = of_watched - of_bare < GROWTH and of_probe < GROWTH
    print(
        f"memory, second half, per 100,000 steps: watched {of_watched / 1024:+.0f} KB RSS,"
        f" bare {of_bare / 1024:+.0f} KB RSS, kept by the probe {of_probe / 1024:+.0f} KB;"
        f" limit {GROWTH / 1024:.0f} KB beyond the bare process: {'met' if flat else 'MISSED'}"
    )
    inside, outside = watched["inside"], pair.ratio
    good = inside <= LIMIT - 1 and outside <= LIMIT
    print(
        f"overhead: {inside:.2%} measured inside, {outside - 1:.2%} of wall time and"
        f" {pair.cpu_ratio - 1:.2%} of CPU time measured outside; limit {LIMIT - 1:.0%}:"
        f" {'met' if good else 'MISSED'}"
    )
    return flat and good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=8.0, help="of bare training in a repeat")
    parser.add_argument("--repeats", type=int, default=9, help="of each routine")
    parser.add_argument("--only", default="", help="routines whose name holds this")
    parser.add_argument(
        "--quick", action="store_true", help="2 repeats of 2 seconds, 3 pairs of scripts"
    )
    parser.add_argument(
        "--soak",
        type=float,
        nargs="?",
        const=600.0,
        metavar="SECONDS",
        help="train in small steps this long instead (default: 600)",
    )
    options = parser.parse_args()
    if options.soak is not None:
        return 0 if soak(options.soak) else 1
    if options.quick:
        options.seconds, options.repeats = 2.0, 2
    print(
        f"{'routine':40} {'bare step':>10} {'wall':>7} {'[range]':14} {'CPU':>7} {'first step':>11}"
        f" {'inside':>8} {'samples':>7}  <= {LIMIT}"
    )
    good = [
        measure(name, case, options.seconds, options.repeats, 0 if options.quick else case.steps)
        for name, case in CASES.items()
        if options.only in name
    ]
    if not options.only:
        with tempfile.TemporaryDirectory() as folder:
            good.append(start_up.check(3 if options.quick else 9, folder))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
