"""Searches over scripts, in forks of one process: what is set, judged, rejected, restarted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from trainwell.errors import BadInputError, TrainwellError
from trainwell.trials.pool import Pool, PoolDiedError
from trainwell.trials.tuning import engines, replaying, search, suggesting
from trainwell.trials.tuning.calling import tune
from trainwell.trials.tuning.plan import TunePlan
from trainwell.trials.tuning.replaying import replay
from trainwell.trials.tuning.showing import show
from trainwell.trials.tuning.suggesting import suggest

SCRIPT = """
import argparse, os, sys
import torch
from torch import nn
import sizes

HIDDEN = 8
parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=3)
parser.add_argument("--kind", choices=["plain", "wide"], default="plain")
args = parser.parse_args()
if os.environ.get("FAIL"):
    sys.exit("the data are gone")
if os.environ.get("DIE") == "1":
    os.kill(os.getpid(), 9)
torch.manual_seed(0)
x = torch.randn(96, 4)
y = x.sum(1, keepdim=True)
model = nn.Sequential(nn.Linear(4, HIDDEN * sizes.TIMES), nn.ReLU(), nn.LazyLinear(1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.001)
for epoch in range(args.epochs):
    for i in range(0, 64, 32):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x[i : i + 32]), y[i : i + 32]).backward()
        optimizer.step()
    with torch.no_grad():
        loss = nn.functional.mse_loss(model(x[64:]), y[64:])
print("hidden", model[0].out_features, "epochs", args.epochs, "env", os.environ.get("SIZE"))
print("loss:", loss.item())
"""


class _Lent:
    """A pool that several searches use."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def __enter__(self) -> Pool:
        return self._pool

    def __exit__(self, *_: object) -> None:
        for number in list(self._pool._running):
            self._pool.stop(number)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(2) as made:
        yield made


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pool: Pool) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(SCRIPT)
    (tmp_path / "sizes.py").write_text("TIMES = 1\n")
    for module in (search, replaying, suggesting):
        monkeypatch.setattr(module, "make_engine", lambda *_: _Lent(pool))
    return tmp_path


def test_everything_that_can_be_set_is_set_and_judged(folder: Path) -> None:
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    found = tune(
        "train.py",
        {
            "lr": "log:1e-3..0.1",
            "optimizer": "adam,sgd",
            "momentum": "0..0.9 if optimizer=sgd",
            "train.HIDDEN": (4, 16),
            "sizes.TIMES": [1, 2],
            "env.SIZE": ["a", "b"],
            "--kind": ["plain", "wide"],
        },
        ["--epochs", "4"],
        trials=8,
        seeds=2,
    )
    assert found.count("failed") == found.count("diverged") == 0
    assert found.default is not None
    assert found.best is not None
    assert found.best.value is not None
    assert found.best.value < found.default
    assert {type(t.values["train.HIDDEN"]) for t in found.trials if t.values} == {int}
    assert found.metric == "evaluation loss"
    assert dict(found.learned) == {"0": 40, "2": 9}
    assert {p.name: p.read_bytes() for p in folder.iterdir() if p.name in before} == before


def test_a_trial_runs_with_its_values(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"train.HIDDEN": 5, "sizes.TIMES": 3, "env.SIZE": "b", "--epochs": 2}
    found = tune("train.py", search="manual", table=[row], seeds=0)
    assert replay(None, None, 1, "pool").endswith("the same as in the search")
    printed = capsys.readouterr().out
    assert "hidden 15 epochs 2 env b" in printed
    assert f"loss: {found.trials[1].value:.4f}"[:10] in printed


def test_what_the_script_prints_can_judge() -> None:
    found = tune("train.py", {"lr": "log:1e-3..0.1"}, metric=r"loss: ([\d.e-]+)", trials=3, seeds=0)
    plain = tune("train.py", {"lr": "log:1e-3..0.1"}, trials=3, seeds=0)
    assert [t.value for t in found.trials] == pytest.approx([t.value for t in plain.trials])


def test_a_command_is_given_where_it_is_all_that_is_needed() -> None:
    row = {"--epochs": 4, "env.SIZE": "b c"}
    found = tune("train.py", {}, ["--kind", "wide"], search="manual", table=[row], seeds=0)
    assert found.command == "SIZE='b c' python train.py --kind wide --epochs=4"


@pytest.mark.parametrize(
    ("parameters", "arguments", "line"),
    [
        ({"learning_rate": "0..1"}, [], "unknown parameter `learning_rate`"),
        ({"momentom": "0..0.9"}, [], "did you mean `momentum`?"),
        ({"--epoch": (1, 3)}, [], "unknown argument of `train.py`: `--epoch`"),
        ({"--kind": ["plain", "wid"]}, [], "`--kind` is one of plain, wide; got `wid`"),
        ({"--epochs": (1.5, 2.0)}, [], "`--epochs` takes whole numbers, got `1.5..2`"),
        ({"train.HIDEN": (1, 3)}, [], "did you mean `HIDDEN`?"),
        ({"tain.HIDDEN": (1, 3)}, [], "there is no module `tain` beside the script"),
        ({"train.HIDDEN": (1.5, 3.0)}, [], "`train.HIDDEN` takes whole numbers"),
        ({"batch_size": (1, 3)}, [], "`batch_size` cannot be set in this script: no DataLoader"),
        ({"label_smoothing": (0.0, 0.1)}, [], "cannot be set in this script: the loss is no"),
        ({"optimizer": ["adm"]}, [], "`optimizer` is one of adam"),
        ({"lr": (0.1, 1.0)}, ["--epochs", "x"], "fails with its own defaults"),
    ],
)
def test_bad_input_is_one_line(parameters: dict[str, Any], arguments: list[str], line: str) -> None:
    with pytest.raises(BadInputError) as error:
        tune("train.py", parameters, arguments, trials=3)
    assert line in str(error.value)
    assert "\n" not in str(error.value)


def test_a_metric_that_never_appears_is_told_before_the_search() -> None:
    with pytest.raises(BadInputError, match="matches no number in what the script printed"):
        tune("train.py", {"lr": (0.1, 1.0)}, metric=r"accuracy=(\d+)")


def test_an_argument_that_the_script_rejects_ends_the_search_at_once(folder: Path) -> None:
    # Not argparse: the script itself has to say it.
    text = (
        "import sys\nif len(sys.argv) > 1: sys.exit(2) if print('no such option:', *sys.argv[1:])"
    )
    text += " is None else 0\n" + SCRIPT.replace("parser.parse_args()", "parser.parse_args([])")
    plain = text.replace("import argparse, os", "import argparse as own, os").replace(
        "parser = argparse.ArgumentParser()",
        "class Parser:\n    add_argument = lambda *a, **k: 0\n"
        "    parse_args = lambda *a: own.Namespace(epochs=1)\nparser = Parser()",
    )
    (folder / "train.py").write_text(plain)
    with pytest.raises(BadInputError, match=r"rejects its arguments: no such option: --wide=[12]"):
        tune("train.py", {"--wide": [1, 2]}, trials=50, jobs=1)
    assert len(show(None, None).trials) <= 3


def test_trials_that_all_fail_end_the_search() -> None:
    with pytest.raises(BadInputError, match="all 2 trials failed: the data are gone"):
        tune("train.py", {"env.FAIL": ["x", "y"]}, search="grid", trials=10)


def test_a_trial_that_is_killed_is_tried_again_and_then_given_up() -> None:
    found = tune("train.py", search="manual", table=[{"env.DIE": 1}, {"env.DIE": 0}], seeds=0)
    assert [t.state for t in found.trials if not t.is_default] == ["complete", "failed"] or [
        t.state for t in found.trials if not t.is_default
    ] == ["failed", "complete"]
    failed = next(t for t in found.trials if t.state == "failed")
    assert failed.error == "killed by SIGKILL"
    assert sum(bool(t.user_attrs.get("lost")) for t in found.optuna_study.trials) == 2


def test_a_study_shows_what_its_search_gave() -> None:
    found = tune("train.py", {"lr": "log:1e-3..0.1"}, trials=4, seeds=2, study="s")
    again = show(None, "s")
    assert again.trials == found.trials
    assert again.rescored == found.rescored
    assert (again.default, again.learned) == (found.default, found.learned)
    with pytest.raises(TrainwellError, match="did you mean `s`"):
        show(None, "ss")


def test_a_changed_script_is_not_gone_on_with(folder: Path) -> None:
    tune("train.py", {"lr": "log:1e-3..0.1"}, trials=2, seeds=0, study="s")
    (folder / "train.py").write_text(SCRIPT + "# changed\n")
    with pytest.raises(BadInputError, match="`s` was begun with other digest"):
        tune("train.py", {"lr": "log:1e-3..0.1"}, trials=3, seeds=0, study="s")
    with pytest.raises(BadInputError, match="has changed since this study began"):
        replay(None, "s", 1, "pool")


def test_what_is_worth_a_search_is_suggested() -> None:
    found = suggest(TunePlan("train.py", folder=os.getcwd()))
    texts = {s.text for s in found.found}
    assert {"optimizer=adam,sgd", "train.HIDDEN=int:log:2..32", "--kind=plain,wide"} <= texts
    assert any(t.startswith("lr=log:") for t in texts)
    # How long is no question of a search over settings.
    assert not any("epochs" in t for t in texts)
    assert sum(n for _, n in found.learned) == 49


def test_a_search_goes_on_when_the_process_for_trials_is_killed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []

    def fresh(plan: TunePlan, function: None) -> Any:
        made.append(engines.make_engine(plan, function))
        return made[-1]

    monkeypatch.setattr(search, "make_engine", fresh)
    killed: list[int] = []

    def tell(standing: Any) -> None:
        if standing.complete == 2 and not killed:
            killed.append(made[-1]._server.pid)
            os.kill(killed[0], signal.SIGKILL)

    found = tune("train.py", {"lr": "log:1e-3..0.1"}, trials=6, seeds=0, jobs=1, tell=tell)
    assert len(made) == 2
    assert found.count("complete") + found.count("pruned") == 7
    assert len(found.trials) == 7


@pytest.mark.parametrize(
    ("at", "repeats", "fresh"), [(1, 1, 0), (3, 1, 0), (1, 2, 0), (2, 2, 0), (6, 1, 2)]
)
def test_a_search_goes_on_when_the_process_for_trials_dies_before_it_takes_a_job(
    folder: Path, monkeypatch: pytest.MonkeyPatch, at: int, repeats: int, fresh: int
) -> None:
    started: list[int] = []

    class Dying:
        def __init__(self, engine: Any) -> None:
            self._engine = engine

        def start(self, job: Any) -> int:
            started.append(1)
            # The defaults run first, once.
            if len(started) == at + 1:
                raise PoolDiedError("the process for trials has died")
            return int(self._engine.start(job))

        def __enter__(self) -> Dying:
            self._engine.__enter__()
            return self

        def __exit__(self, *raised: Any) -> None:
            self._engine.__exit__(*raised)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._engine, name)

    make = engines.make_engine
    monkeypatch.setattr(search, "make_engine", lambda *given: Dying(make(*given)))
    parameters = {"lr": "log:1e-3..0.1"}
    rest = {"trials": 3, "repeats": repeats, "seeds": fresh}
    found = tune("train.py", parameters, **rest, jobs=1, prune=False)  # type: ignore[arg-type]
    assert [t.state for t in found.trials] == ["complete"] * 4
    # A setting that loses its second seed gives its first one again.
    twice = repeats == 2 and at == 2
    assert len(started) == 1 + 3 * repeats + 1 + twice + fresh * len(found.rescored)
    assert len(found.rescored) == (4 if fresh else 0)


def test_it_works_from_the_command_line(folder: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "trainwell", "tune", "-p", "lr=log:1e-3..0.1"),
            *(
                "--no-prune",
                "--trials",
                "3",
                "--seeds",
                "2",
                "--json",
                "out.json",
                "train.py",
                "--epochs",
                "4",
            ),
        ],
        capture_output=True,
        text=True,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    assert "train.py: 3 complete" in done.stdout
    assert "trial 1 complete" in done.stderr
    body = json.loads((folder / "out.json").read_text())
    assert body["schema"] == 1
    assert [t["number"] for t in body["trials"]] == [1, 2, 3]
    assert body["default"]["value"] > 0
    assert len(body["rescored"]) == 4
