"""What `trainwell tune` costs, finds and survives: the figures of docs/tune.md.

    python -m benchmarks.tune [PART ...] [--engine ray] [--out tune.jsonl]

Parts: overhead, workers, search, kill-drivers, kill-workers, kill-node. Without any: all.
`search` is resumed from the JSONL file; its table is printed from all that is in there.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import optuna

from trainwell.trials.tuning.calling import tune
from trainwell.trials.tuning.storage import open_storage

SCRIPTS = Path(__file__).parent / "tuned"

SPACES: dict[str, dict[str, Any]] = {
    "mlp": {
        "lr": "log:1e-4..3",
        "optimizer": "adam,sgd",
        "momentum": "0..0.99 if optimizer=sgd",
        "weight_decay": "log:1e-6..0.1",
        "batch_size": "int:log:8..256",
        "mlp.HIDDEN": "int:log:8..256",
    },
    "cnn": {
        "lr": "log:1e-4..3",
        "optimizer": "adam,sgd",
        "momentum": "0..0.99 if optimizer=sgd",
        "batch_size": "int:log:8..128",
        "cnn.CHANNELS": "int:2..16",
        "dropout": "0..0.7",
    },
    "lstm": {
        "lr": "log:1e-4..1",
        "clip": "log:0.01..10",
        "lstm.HIDDEN": "int:log:4..64",
        "lstm.LAYERS": "int:1..2",
        "batch_size": "int:log:8..128",
    },
    "rbm": {
        "rbm.HIDDEN": "int:log:4..256",
        "rbm.RATE": "log:1e-3..3",
        "rbm.DECAY": "log:1e-6..0.1",
        "rbm.BATCH": "int:log:10..200",
        "rbm.GIBBS": "int:1..4",
    },
    "regression": {
        "lr": "log:1e-5..1",
        "optimizer": "adam,sgd,rmsprop",
        "weight_decay": "log:1e-6..1",
        "batch_size": "int:log:8..128",
        "activation": "relu,gelu,tanh",
        "regression.HIDDEN": "int:log:4..128",
    },
    "autoencoder": {
        "lr": "log:1e-4..1",
        "optimizer": "adam,sgd",
        "schedule": "constant,cosine,linear",
        "autoencoder.HIDDEN": "int:log:16..128",
        "autoencoder.LEAK": "0..0.5",
        "batch_size": "int:log:8..128",
    },
}


@contextmanager
def folder() -> Iterator[Path]:
    """A fresh copy of the scripts, as the working directory."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as path:
        shutil.copytree(SCRIPTS, path, dirs_exist_ok=True)
        os.chdir(path)
        try:
            yield Path(path)
        finally:
            os.chdir(before)


def row(part: str, what: str, measured: str, wanted: str) -> None:
    print(f"{part:<10} {what:<58} {measured:<40} {wanted}", flush=True)


# What it costs.


def overhead(engine: str) -> None:
    """Seconds a trial beyond those of the script itself, called by subprocess.

    The script sleeps, so that what else runs on the machine does not count; calls and trials take
    turns in rounds.
    """
    plain, ours, rounds = [], [], 3
    for _ in range(rounds):
        with folder():
            for _ in range(4):
                began = time.perf_counter()
                subprocess.run([sys.executable, "sleeps.py"], check=True, capture_output=True)
                plain.append(time.perf_counter() - began)
            ours += _between("sleeps.py", engine, trials=12)
    script, trial = statistics.median(plain), statistics.median(ours)
    row(
        "overhead",
        f"{engine}: a trial beside a call by subprocess (medians)",
        f"{1000 * (trial - script):+.0f} ms ({trial:.2f} s, {script:.2f} s)",
        "<= 50 ms",
    )


def _between(script: str, engine: str, trials: int) -> list[float]:
    """Seconds between the ends of trials that run one after another."""
    ends: list[float] = []

    def tell(standing: Any) -> None:
        if standing.stage == "searching" and standing.complete == len(ends) + 1:
            ends.append(time.perf_counter())

    tune(
        script,
        {"sleeps.X": "0..1"},
        trials=trials,
        jobs=1,
        engine=engine,
        seeds=0,
        prune=False,
        tell=tell,
    )
    return [b - a for a, b in itertools.pairwise(ends)]


def workers(engine: str) -> None:
    """How much faster two workers are than one, on work that keeps a core busy."""
    times: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(3):
        for jobs, found in times.items():
            with folder():
                found.append(_spans("busy.py", engine, jobs))
    one, two = statistics.median(times[1]), statistics.median(times[2])
    row("workers", f"{engine}: two workers beside one", f"{one / two:.2f}x", ">= 1.8x")


def _spans(script: str, engine: str, jobs: int) -> float:
    """Seconds a trial, once all workers are at work."""
    ends: list[float] = []

    def tell(standing: Any) -> None:
        if standing.stage == "searching":
            while len(ends) < standing.complete:
                ends.append(time.perf_counter())

    tune(
        script,
        {"busy.X": "0..1"},
        trials=24,
        jobs=jobs,
        engine=engine,
        seeds=0,
        prune=False,
        search="random",
        tell=tell,
    )
    # The first eight leave time for the second worker to load PyTorch (its start is not what is
    # measured), and at the end one worker waits for the other.
    return (ends[-2] - ends[8]) / (len(ends) - 10)


# What it finds.


def search(out: Path, repeats: int) -> None:
    known = _known(out)
    for seed in range(repeats):
        for name, space in SPACES.items():
            for how, trials in (("bayes", 40), ("random", 80)):
                if (name, how, seed) not in known:
                    with folder():
                        found = tune(
                            f"{name}.py",
                            space,
                            search=how,
                            trials=trials,
                            seeds=0,
                            sampler_seed=seed,
                            metric="loss: (.*)" if name == "rbm" else None,
                        )
                    line = {
                        "script": name,
                        "search": how,
                        "seed": seed,
                        "default": found.default,
                        "curve": _curve(found),
                        "seconds": round(found.seconds, 1),
                    }
                    with out.open("a") as file:
                        file.write(json.dumps(line) + "\n")
                    known[name, how, seed] = line
    as_good = table(out)
    row("search", "scripts on which 40 trials are as good as 80 at random", as_good, "all")


def _curve(found: Any) -> list[float]:
    """The best value after each trial, the defaults left out."""
    best, curve = float("inf"), []
    for trial in found.trials:
        if not trial.is_default:
            best = min(best, float("inf") if trial.value is None else trial.value)
            curve.append(best)
    return curve


def _known(out: Path) -> dict[tuple[str, str, int], dict[str, Any]]:
    if not out.exists():
        return {}
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    return {(x["script"], x["search"], x["seed"]): x for x in lines}


def table(out: Path) -> str:
    """Print medians over the repeats; gives how many scripts hold."""
    known = _known(out)
    names = [n for n in SPACES if any(k[0] == n for k in known)]
    held = 0
    for name in names:
        medians = {}
        for how, trials in (("bayes", 40), ("random", 80)):
            curves = [x["curve"] for k, x in known.items() if k[:2] == (name, how)]
            at = [t for t in (10, 20, 40, 80) if t <= trials]
            medians[how] = [statistics.median(c[t - 1] for c in curves) for t in at if curves]
        holds = medians["bayes"][-1] <= medians["random"][-1]
        held += holds
        curve = " ".join(f"{v:.4g}" for v in medians["bayes"])
        other = " ".join(f"{v:.4g}" for v in medians["random"])
        row(
            "search",
            f"{name}: best after 10 20 40: {curve}",
            f"random 10 20 40 80: {other}",
            "holds" if holds else "missed",
        )
    return f"{held} of {len(names)}"


# What it survives.

_COMMAND = [
    *(sys.executable, "-m", "trainwell", "tune", "-p", "sleeps.X=0..1", "--trials", "12"),
    *("--seeds", "0", "--no-prune", "--search", "random", "--study", "s", "-j", "2", "sleeps.py"),
]


def kill_drivers(times: int) -> None:
    """The driver is killed at a random moment, and resumed; does all of it hold?"""
    _kill("drivers", times, _kill_driver)


def kill_workers(times: int) -> None:
    """A trial's process is killed at a random moment while the search goes on."""
    _kill("workers", times, _kill_worker)


def _kill(what: str, times: int, kill: Callable[[Path, random.Random], None]) -> None:
    lost = twice = wrong = 0
    for number in range(times):
        with folder() as here:
            kill(here, random.Random(number))
            study = optuna.load_study(study_name="s", storage=open_storage(None, create=False))
            complete = [
                t
                for t in study.trials
                if t.state == optuna.trial.TrialState.COMPLETE
                and not t.user_attrs.get("is_default")
            ]
            ran = [line.split() for line in (here / "ran").read_text().splitlines()]
            ended = {x for word, x in ran if word == "ended"} - {"0.5"}
            kept = {repr(t.params["sleeps.X"]) for t in complete}
            # What had ended before the kill and was told is there; nothing is there twice.
            lost += len(_told(here) - kept)
            twice += len(complete) - len(kept)
            wrong += len(complete) != 12 or not kept <= ended
    row(
        "kill",
        f"{times} {what} killed at random moments",
        f"{lost} finished trials lost, {twice} twice, {wrong} wrong",
        "0, 0, 0",
    )


def _told(here: Path) -> set[str]:
    path = here / "told"
    return set(path.read_text().split()) if path.exists() else set()


def _kill_driver(here: Path, chance: random.Random) -> None:
    driver = subprocess.Popen(_COMMAND, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _await(here)
    time.sleep(chance.uniform(0, 2))
    driver.kill()
    driver.wait()
    study = optuna.load_study(study_name="s", storage=open_storage(None, create=False))
    complete = [t for t in study.trials if t.state == optuna.trial.TrialState.COMPLETE]
    told = [repr(t.params["sleeps.X"]) for t in complete if not t.user_attrs.get("is_default")]
    (here / "told").write_text("\n".join(told))
    subprocess.run(_COMMAND, check=True, capture_output=True)


def _kill_worker(here: Path, chance: random.Random) -> None:
    driver = subprocess.Popen(_COMMAND, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _await(here)
    time.sleep(chance.uniform(0, 1.5))
    pids = (here / "pids").read_text().split()
    for pid in pids[-2:]:
        try:
            os.kill(int(pid), signal.SIGKILL)
            break
        except ProcessLookupError:
            continue
    if driver.wait(timeout=300):
        raise SystemExit("the search did not survive a killed worker")


def _await(here: Path) -> None:
    """Until the search has begun."""
    end = time.monotonic() + 120
    # The first line is of the defaults.
    while len((here / "pids").read_text().split() if (here / "pids").exists() else []) < 3:
        if time.monotonic() > end:
            raise SystemExit("the search did not begin")
        time.sleep(0.02)


def kill_node() -> None:
    """One of three Ray nodes dies while trials run on it."""
    import ray
    from ray.cluster_utils import Cluster

    nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    others = [nodes.add_node(num_cpus=1) for _ in range(2)]
    killed: list[float] = []

    def tell(standing: Any) -> None:
        if standing.complete >= 4 and not killed:
            killed.append(time.time())
            nodes.remove_node(others[0], allow_graceful=False)

    with folder() as here:
        found = tune(
            "sleeps.py",
            {"sleeps.X": "0..1"},
            engine="ray",
            ray_address=nodes.address,
            trials=14,
            seeds=0,
            prune=False,
            search="random",
            tell=tell,
        )
        complete = [t for t in found.trials if t.state == "complete" and not t.is_default]
        settings = {t.values["sleeps.X"] for t in complete}
        del here
    row(
        "kill",
        "one of three Ray nodes killed",
        f"{14 - len(settings)} lost, {len(complete) - len(settings)} twice, {len(killed)} killed",
        "0, 0, 1",
    )
    ray.shutdown()
    nodes.shutdown()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = ("overhead", "workers", "search", "kill-drivers", "kill-workers", "kill-node")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(parts))
    parser.add_argument("--engine", default="", help="pool or ray; both when not given")
    parser.add_argument("--out", type=Path, default=Path("tune.jsonl"))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--times", type=int, default=20)
    given = parser.parse_args()
    wanted = given.parts or parts
    out = given.out.absolute()
    engines = [given.engine] if given.engine else ["pool", "ray"]
    for part in wanted:
        if part in ("overhead", "workers"):
            for engine in engines:
                {"overhead": overhead, "workers": workers}[part](engine)
        elif part == "search":
            search(out, given.repeats)
        elif part == "kill-drivers":
            kill_drivers(given.times)
        elif part == "kill-workers":
            kill_workers(given.times)
        elif part == "kill-node":
            kill_node()
        else:
            parser.error(f"no part `{part}`: {', '.join(parts)}")


if __name__ == "__main__":
    main()
