"""What watching costs: bare and probed runs of four networks, interleaved, and whole scripts.

    python benchmarks/overhead.py [--seconds 8] [--repeats 5] [--quick]

In a repeat a bare and a probed training of the same network take turns of 0.2 seconds, so that the
drifts of a shared machine hit both. Prints, for each network, the median over the repeats of the
ratio of probed to bare seconds (the first step left out), the smallest and largest ratio, the extra
cost of the first step, and what the probe believes that it cost. Then what `benchmarks/start_up.py`
measures: start-up, first step, end, whole scripts. One thread each.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from statistics import median

os.environ.setdefault("OMP_NUM_THREADS", "1")

import start_up
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from trainwell.probes.probe import Probe
from trainwell.record import Run
from trainwell.record.store import Store

LIMIT = 1.03


def mlp() -> tuple[nn.Module, torch.Tensor]:
    layers = [nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)]
    return nn.Sequential(*layers), torch.randn(128, 784)


def cnn() -> tuple[nn.Module, torch.Tensor]:
    return nn.Sequential(
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
    ), torch.randn(64, 1, 28, 28)


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(128, 4, 256, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(128, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.encoder(x).mean(1))


def transformer() -> tuple[nn.Module, torch.Tensor]:
    return Encoder(), torch.randn(32, 64, 128)


def deep() -> tuple[nn.Module, torch.Tensor]:
    layers: list[nn.Module] = []
    for _ in range(50):
        layers += [nn.Linear(128, 128), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(128, 10)), torch.randn(64, 128)


NETWORKS: dict[str, Callable[[], tuple[nn.Module, torch.Tensor]]] = {
    "MLP 784-512-512-10, batch 128": mlp,
    "CNN 1x28x28, batch 64": cnn,
    "transformer 2x128, length 64, batch 32": transformer,
    "MLP of 50 layers, batch 64": deep,
}


def serve(make: Callable[[], tuple[nn.Module, torch.Tensor]], probed: bool, turn, done) -> None:
    """One training, a block of steps whenever it is its turn.

    Args:
        make: builds the network and its data.
        probed: under watch, with the default budget.
        turn: pipe that says how many steps to make; 0 ends the run.
        done: pipe that takes the seconds that they took.
    """
    torch.manual_seed(0)
    torch.set_num_threads(1)
    probe = None
    run = Run(f"bench-{os.getpid()}", "bench.py", started=time.time())
    if probed:
        store = Store(f"{tempfile.mkdtemp()}/runs.db")
        store.begin(run)
        probe = Probe(
            run,
            lambda facts, vitals: store.write(run, facts, vitals),
            home=os.path.dirname(__file__),
        )
        probe.attach()
    model, x = make()
    y = torch.randint(10, (len(x),))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    ended = time.perf_counter()
    while steps := int(turn.readline()):
        began = time.perf_counter()
        if probe is not None:
            # The other one's turn is no time of this run: the budget must not count it.
            probe.budget.began += began - ended
            for watched in probe.objectives.all():
                watched.began += began - ended
        for _ in range(steps):
            optimizer.zero_grad()
            loss = cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
        ended = time.perf_counter()
        print(json.dumps(ended - began), file=done, flush=True)
    facts = {}
    if probe is not None:
        facts = {
            "believed": probe.budget.overhead(),
            "looks": sum(w.schedule.looks for w in probe.objectives.all()),
            "trouble": run.notes,
        }
        probe.finish()
    print(json.dumps(facts), file=done, flush=True)


class Trainee:
    """A forked process that trains in turns."""

    def __init__(self, name: str, probed: bool) -> None:
        turn_reader, turn_writer = os.pipe()
        done_reader, done_writer = os.pipe()
        self.process = os.fork()
        if self.process == 0:
            os.close(turn_writer)
            serve(NETWORKS[name], probed, os.fdopen(turn_reader), os.fdopen(done_writer, "w"))
            os._exit(0)
        os.close(turn_reader)
        os.close(done_writer)
        self.turn, self.done = os.fdopen(turn_writer, "w"), os.fdopen(done_reader)

    def train(self, steps: int) -> float:
        print(steps, file=self.turn, flush=True)
        return json.loads(self.done.readline())

    def end(self) -> dict:
        print(0, file=self.turn, flush=True)
        facts = json.loads(self.done.readline())
        os.waitpid(self.process, 0)
        return facts


def measure(name: str, seconds: float, repeats: int) -> bool:
    ratios, firsts, believed, looks, steps_took = [], [], [], [], []
    for _ in range(repeats):
        bare, probed = Trainee(name, probed=False), Trainee(name, probed=True)
        firsts.append(-bare.train(1) + probed.train(1))
        block = max(1, round(0.2 / (bare.train(5) / 5)))
        probed.train(5)
        totals = {bare: 0.0, probed: 0.0}
        steps = 0
        while sum(totals.values()) < 2 * seconds:
            # Who is first changes, so that neither always finds the other's warm processor.
            for trainee in (bare, probed) if (steps // block) % 2 else (probed, bare):
                totals[trainee] += trainee.train(block)
            steps += block
        bare.end()
        facts = probed.end()
        if facts["trouble"]:
            raise RuntimeError(f"{name}: {facts['trouble']}")
        ratios.append(totals[probed] / totals[bare])
        steps_took.append(totals[bare] / steps)
        believed.append(facts["believed"])
        looks.append(facts["looks"])
    ratio = median(ratios)
    print(
        f"{name:40} {median(steps_took) * 1e3:7.2f} ms {ratio:7.3f} "
        f"[{min(ratios):.3f}, {max(ratios):.3f}] {median(firsts) * 1e3:+8.1f} ms "
        f"{median(believed):8.2%} {median(looks):6.0f}  {'met' if ratio <= LIMIT else 'MISSED'}",
        flush=True,
    )
    return ratio <= LIMIT


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=8.0, help="of bare training in a repeat")
    parser.add_argument("--repeats", type=int, default=5, help="of each network")
    parser.add_argument("--only", default="", help="networks whose name holds this")
    parser.add_argument("--quick", action="store_true", help="2 repeats of 2 seconds, 3 pairs")
    options = parser.parse_args()
    if options.quick:
        options.seconds, options.repeats = 2.0, 2
    print(
        f"{'network':40} {'bare':>10} {'ratio':>7} {'[range]':14} {'first step':>11} "
        f"{'believed':>8} {'looks':>6}  <= {LIMIT}"
    )
    good = [
        measure(name, options.seconds, options.repeats) for name in NETWORKS if options.only in name
    ]
    with tempfile.TemporaryDirectory() as folder:
        good.append(start_up.check(3 if options.quick else 9, folder))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
