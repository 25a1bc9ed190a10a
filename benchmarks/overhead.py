"""What watching costs: bare and probed runs of four networks, interleaved, and the start-up.

    python benchmarks/overhead.py [--seconds 8] [--repeats 5]

Prints, for each network, the median over the repeats of the ratio of probed to bare seconds a step
(a probed run beside the mean of the bare runs before and after it, so that slow drifts of the
machine cancel), the smallest and largest ratio, the cost of the first step, and what the probe
believes that it cost. Then the start-up: `trainwell run` of an empty script against `python`.
Each run is one process, forked from one that has torch loaded, with one thread.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from trainwell.probes.probe import Probe
from trainwell.record import Run
from trainwell.record.store import Store

LIMIT = 1.03
START_LIMIT = 0.3


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


def train(make: Callable[[], tuple[nn.Module, torch.Tensor]], seconds: float, probed: bool) -> dict:
    """One run: seconds a step after the first step, and the first step's seconds."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    probe = None
    if probed:
        folder = tempfile.mkdtemp()
        run = Run(f"bench-{os.getpid()}", "bench.py", started=time.time())
        store = Store(f"{folder}/runs.db")
        store.begin(run)
        probe = Probe(
            run,
            lambda facts, vitals: store.write(run, facts, vitals),
            home=str(Path(__file__).parent),
        )
        probe.attach()
    model, x = make()
    y = torch.randint(10, (len(x),))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)

    def step() -> None:
        optimizer.zero_grad()
        loss = cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()

    began = time.perf_counter()
    step()
    first = time.perf_counter() - began
    began, steps = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        for _ in range(10):
            step()
        steps += 10
    took = time.perf_counter() - began
    result = {"step": took / steps, "first": first, "steps": steps}
    if probe is not None:
        result["believed"] = probe.budget.overhead()
        result["looks"] = sum(w.schedule.looks for w in probe.objectives.all())
        result["trouble"] = run.notes
        probe.finish()
    return result


def forked(name: str, seconds: float, probed: bool) -> dict:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        with os.fdopen(writer, "w") as pipe:
            json.dump(train(NETWORKS[name], seconds, probed), pipe)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return json.loads(text)


def measure(name: str, seconds: float, repeats: int) -> bool:
    ratios, firsts, believed, looks = [], [], [], []
    bare = forked(name, seconds, probed=False)
    for _ in range(repeats):
        probed = forked(name, seconds, probed=True)
        after = forked(name, seconds, probed=False)
        if probed["trouble"]:
            raise RuntimeError(f"{name}: {probed['trouble']}")
        ratios.append(probed["step"] / ((bare["step"] + after["step"]) / 2))
        firsts.append(probed["first"] - (bare["first"] + after["first"]) / 2)
        believed.append(probed["believed"])
        looks.append(probed["looks"])
        bare = after
    ratio = median(ratios)
    print(
        f"{name:40} {bare['step'] * 1e3:7.2f} ms {ratio:7.3f} "
        f"[{min(ratios):.3f}, {max(ratios):.3f}] {median(firsts) * 1e3:+8.1f} ms "
        f"{median(believed):8.2%} {median(looks):6.0f}  {'met' if ratio <= LIMIT else 'MISSED'}",
        flush=True,
    )
    return ratio <= LIMIT


def start_up(repeats: int) -> bool:
    """Seconds that `trainwell run` adds to an empty script."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "empty.py"
        script.write_text("")
        commands = {
            "python": [sys.executable, "empty.py"],
            "trainwell": [str(Path(sys.executable).parent / "trainwell"), "run", "empty.py"],
        }
        took: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(repeats):
            for name, command in commands.items():
                began = time.perf_counter()
                subprocess.run(command, cwd=folder, capture_output=True, check=False)
                took[name].append(time.perf_counter() - began)
    added = median(a - b for a, b in zip(took["trainwell"], took["python"], strict=True))
    print(
        f"start-up: python {median(took['python']) * 1e3:.0f} ms, trainwell run "
        f"{median(took['trainwell']) * 1e3:.0f} ms: {added * 1e3:+.0f} ms  "
        f"{'met' if added < START_LIMIT else 'MISSED'}"
    )
    return added < START_LIMIT


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=8.0, help="length of a run")
    parser.add_argument("--repeats", type=int, default=5, help="probed runs of each network")
    parser.add_argument("--only", default="", help="networks whose name holds this")
    options = parser.parse_args()
    print(
        f"{'network':40} {'bare':>10} {'ratio':>7} {'[range]':14} {'first step':>11} "
        f"{'believed':>8} {'looks':>6}  <= {LIMIT}"
    )
    good = [
        measure(name, options.seconds, options.repeats) for name in NETWORKS if options.only in name
    ]
    good.append(start_up(15))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
