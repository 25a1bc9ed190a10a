"""What `trainwell run` costs before, after and around a script, in CPU time.

    python benchmarks/start_up.py [--quick]

Runs each script as `python script` and as `trainwell run script`, in turns, and prints the median
over the pairs. CPU time is that of the whole process, user and system, as the operating system
counts it (`os.wait4`): other work on the machine changes it little. One thread each.

- start-up: an empty script, and one that only imports torch.
- first step: what it costs more than without trainwell, by the script's own clock.
- end: everything that trainwell does when a script of 1,000 steps has ended, imports included.
- whole scripts of 5 to 10 CPU seconds: start-up, watching, diagnosis and report.
"""

from __future__ import annotations

__all__ = ["check"]

import argparse
import compileall
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import trainwell

START_LIMIT = 0.150
"""Seconds that `trainwell run` may add to a script that trains nothing."""

FIRST_LIMIT = 0.100
"""Seconds that the first step may take longer."""

END_LIMIT = 0.100
"""Seconds for the end of a script of 1,000 steps."""

WHOLE_LIMIT = 1.10
"""Ratio of CPU times for a script of 5 to 10 seconds."""

_HEAD = """
import sys, time
import torch
from torch import nn
torch.manual_seed(0)
"""

_LOOP = """
y = torch.randint(10, (len(x),))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
loss_function = nn.CrossEntropyLoss()
for step in range(int(sys.argv[1])):
    began = time.process_time()
    optimizer.zero_grad()
    loss = loss_function(model(x), y)
    loss.backward()
    optimizer.step()
    if step == 0:
        print("first step", time.process_time() - began)
"""

_MLP = """
model = nn.Sequential(
    nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)
)
x = torch.randn(128, 784)
"""

_CNN = """
model = nn.Sequential(
    nn.Conv2d(1, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(64 * 49, 10),
)
x = torch.randn(64, 1, 28, 28)
"""

_SMALL = """
model = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 10))
x = torch.randn(64, 20)
"""

SCRIPTS = {
    "empty.py": "",
    "imports_torch.py": "import torch\n",
    "mlp.py": _HEAD + _MLP + _LOOP,
    "cnn.py": _HEAD + _CNN + _LOOP,
    "small.py": _HEAD + _SMALL + _LOOP,
}

STEPS = {"mlp.py": 800, "cnn.py": 110}
"""Steps that make 5 to 10 CPU seconds."""

_TIMED = """
import json, sys, time
from trainwell.cli import main, output, session
took = {}
def clock(owner, name):
    original = getattr(owner, name)
    def timed(*args):
        began = time.process_time()
        try:
            return original(*args)
        finally:
            took[name] = time.process_time() - began
            json.dump(took, open("took.json", "w"))
    setattr(owner, name, timed)
clock(session.Session, "_end")
clock(output.Output, "show")
sys.argv[:] = ["trainwell", "run", "small.py", "1000"]
main()
"""


def check(pairs: int, folder: str) -> bool:
    """Measure and print everything; whether all limits are met.

    Args:
        pairs: runs without and with trainwell of each script.
        folder: where the scripts and their records go.
    """
    # What an installed package has: a checkout may be forbidden to keep compiled files.
    compileall.compile_dir(os.path.dirname(trainwell.__file__), quiet=1)
    for name, text in SCRIPTS.items():
        Path(folder, name).write_text(text)
    good = [_start(name, max(pairs, 9), folder) for name in ("empty.py", "imports_torch.py")]
    good += [_first(name, pairs, folder) for name in STEPS]
    good.append(_end(pairs, folder))
    good += [_whole(name, steps, pairs, folder) for name, steps in STEPS.items()]
    return all(good)


def _start(name: str, pairs: int, folder: str) -> bool:
    bare, watched, _ = _in_turns([name], pairs, folder)
    added = median(b - a for a, b in zip(bare, watched, strict=True))
    return _say(
        f"start-up, {name}",
        f"python {median(bare) * 1e3:.0f} ms, trainwell run {median(watched) * 1e3:.0f} ms:"
        f" {added * 1e3:+.0f} ms",
        added <= START_LIMIT,
    )


def _first(name: str, pairs: int, folder: str) -> bool:
    _, _, texts = _in_turns([name, "1"], pairs, folder)
    first, second = ([float(text.split()[2]) for text in side] for side in texts)
    added = median(b - a for a, b in zip(first, second, strict=True))
    return _say(
        f"first step, {name}",
        f"{median(first) * 1e3:.0f} ms, watched {median(second) * 1e3:.0f} ms:"
        f" {added * 1e3:+.0f} ms",
        added <= FIRST_LIMIT,
    )


def _end(repeats: int, folder: str) -> bool:
    found = []
    for _ in range(repeats):
        _run([sys.executable, "-c", _TIMED], folder)
        found.append(json.loads(Path(folder, "took.json").read_text()))
    total, report = (median(each[name] for each in found) for name in ("_end", "show"))
    return _say(
        "end, 1,000 steps",
        f"{total * 1e3:.0f} ms, of it the report {report * 1e3:.0f} ms",
        total <= END_LIMIT,
    )


def _whole(name: str, steps: int, pairs: int, folder: str) -> bool:
    bare, watched, _ = _in_turns([name, str(steps)], pairs, folder)
    ratios = [b / a for a, b in zip(bare, watched, strict=True)]
    return _say(
        f"whole, {name}",
        f"{median(bare):.2f} s, watched {median(watched):.2f} s: {median(ratios):.3f}"
        f" [{min(ratios):.3f}, {max(ratios):.3f}]",
        median(ratios) <= WHOLE_LIMIT,
    )


def _in_turns(
    words: list[str], pairs: int, folder: str
) -> tuple[list[float], list[float], tuple[list[str], list[str]]]:
    """CPU seconds of `python` and of `trainwell run`, and what both printed."""
    commands = [sys.executable, *words], [sys.executable, "-m", "trainwell", "run", *words]
    took: tuple[list[float], list[float]] = [], []
    texts: tuple[list[str], list[str]] = [], []
    # Each once before it counts: files come into the memory, and modules are compiled.
    for command in commands:
        _run(command, folder)
    for turn in range(pairs):
        for which in (0, 1) if turn % 2 else (1, 0):
            seconds, text = _run(commands[which], folder)
            took[which].append(seconds)
            texts[which].append(text)
    return *took, texts


def _run(command: list[str], folder: str) -> tuple[float, str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    text = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    if process.returncode:
        raise RuntimeError(f"{command} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime, text


def _say(what: str, measured: str, good: bool) -> bool:
    print(f"{what:28} {measured}  {'met' if good else 'MISSED'}", flush=True)
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="3 pairs instead of 9")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return 0 if check(3 if options.quick else 9, folder) else 1


if __name__ == "__main__":
    sys.exit(main())
