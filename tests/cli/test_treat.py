"""`trainwell treat`, `trainwell remedies` and `trainwell run --with`, as a user calls them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from trainwell.diagnosis import diagnose
from trainwell.record import Run
from trainwell.remedies.catalogue import REMEDIES
from trainwell.trials.answer import Answer, ArmResult
from trainwell.trials.measure import Measure
from trainwell.trials.patch import Checked, Patch
from trainwell.trials.race import Comparison
from trainwell.trials.treatment import Treatment

Command = Callable[..., Any]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["treat"], "give the script to treat: trainwell treat SCRIPT [ARGS]"),
        (["treat", "absent.py"], "no such script: `absent.py`"),
        (
            ["treat", "--with", "scale_input", "train.py"],
            "unknown remedy `scale_input`; did you mean `scale_inputs`?",
        ),
        (["treat", "--with", "widen_network", "train.py"], "`widen_network` is done by hand"),
        (["treat", "--with", "clip_gradients=x", "train.py"], "takes a number, got `x`"),
        (
            ["treat", "--budget", "soon", "train.py"],
            "`--budget` takes a time such as 90s, 20m or 2h, got `soon`",
        ),
        (["treat", "--budget", "0m", "train.py"], "got `0m`"),
        (["treat", "--maximize", "train.py"], "`--maximize` goes with `--metric`"),
        (["treat", "--trials", "0", "train.py"], "invalid value for '--trials'"),
        (["treat", "--seeds", "2", "train.py"], "invalid value for '--seeds'"),
        (
            ["treat", "--json", "absent/answer.json", "train.py"],
            "cannot write `absent/answer.json`: its folder does not exist",
        ),
        (["treat", "--plot", "absent/a.png", "train.py"], "cannot write `absent/a.png`"),
        (["treat", "--resume"], "no record at `.trainwell/runs.db`"),
        (["treat", "--metric", "loss=([0-9", "train.py"], "`--metric` takes a regular expression"),
        (["treat", "--metric", "loss=1", "train.py"], "`--metric` needs one group"),
        (["run", "--with", "use_relo", "train.py"], "did you mean `use_relu`?"),
        (["run", "--with", "train_longer", "bare.py"], "the script calls no `backward`"),
        (["remedies", "clip_gradient"], "unknown remedy `clip_gradient`; did you mean"),
    ],
)
def test_misuse_is_one_line_and_status_2(
    call: Command, folder: Path, words: list[str], line: str
) -> None:
    (folder / "bare.py").write_text("x = 1\n")
    ended = call(*words)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith("trainwell: ")
    assert line in ended.err
    assert ended.err.count("\n") == 1


def test_options_behind_the_script_are_named(treated: Command) -> None:
    ended = treated(answer(), "other.py", "--apply", "--json=a.json", "--lr", "1")
    assert ended.err.splitlines()[0] == (
        "trainwell: `--apply`, `--json` behind the script: given to the script; trainwell's own"
        " options stand before it"
    )
    assert "behind the script" not in treated(answer(), "--trials", "9").err


def test_resume_takes_no_script(call: Command, recorded: list[str]) -> None:
    ended = call("treat", "--resume", "train.py")
    assert (ended.status, ended.out) == (2, "")
    assert "`--resume` takes no script" in ended.err
    ended = call("treat", "--resume")
    assert ended.status == 2
    assert "nothing was treated here yet: trainwell treat SCRIPT" in ended.err


def test_all_remedies_are_listed(call: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    ended = call("remedies")
    assert (ended.status, ended.err) == (0, "")
    firsts = [line.split()[0] for line in ended.out.splitlines() if line.split()]
    assert [word for word in firsts if word in REMEDIES] == sorted(REMEDIES)
    assert "limit=1.0" in ended.out


@pytest.mark.parametrize("name", ["clip_gradients", "scale_inputs", "zero_gradients"])
def test_one_remedy_is_explained(call: Command, name: str) -> None:
    ended = call("remedies", name)
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith(name)
    assert "Sources:" in ended.out


def test_a_run_with_remedies_keeps_the_script(spawn: Command, folder: Path) -> None:
    before = (folder / "train.py").read_text()
    names = "lower_learning_rate,dropout"
    ended = spawn("run", "--json", "-o", "out.json", "--with", names, "train.py", "--lr", "1")
    assert ended.status == 0
    assert ended.out.startswith("started --lr 1\nended\n")
    assert "trainwell: `dropout` did nothing: its moment never came in this run" in ended.err
    assert "lower_learning_rate" not in ended.err
    assert json.loads((folder / "out.json").read_text())["schema"] == 1
    assert (folder / "train.py").read_text() == before


SOURCE = "import torch\r\nx = 1\r\n"
PATCHED = "import torch\r\nx = 2\r\n"
DIFF = "--- a/train.py\n+++ b/train.py\n@@ -1,2 +1,2 @@\n import torch\n-x = 1\n+x = 2\n"


def answer(*, agrees: bool = True, won: bool = True, stopped: str = "") -> Answer:
    """An answer that is made up."""
    found = Comparison("use_relu", 7, -0.4, -0.5, -0.3, 0.016, 1.0, 0.1, "helps")
    result = ArmResult("use_relu", ("use_relu",), found, 0.2, float("nan"), 3.5)
    patch = Patch("train.py", PATCHED, DIFF, (), Checked(agrees, 0, True, 0.0, 3))
    made = Answer(
        id="a",
        script="train.py",
        measure=Measure("loss", "x#0"),
        other=None,
        diagnosis=diagnose(Run("a", "train.py")),
        baseline={0: 0.6, 1: 0.7},
        arms=(result,),
        winner=result,
        patch=patch,
        runs=14,
        seconds=7.0,
        stopped=stopped,
    )
    return made if won else replace(made, winner=None, patch=None)


@pytest.fixture
def treated(call: Command, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Calls `trainwell treat` with a treatment that gives the answer at once."""

    def called(given: Answer, *words: str) -> Any:
        script = folder / "train.py"
        script.write_text(SOURCE, newline="")
        script.chmod(0o754)
        monkeypatch.setattr(Treatment, "run", lambda _: given)
        return call("treat", *words, "train.py")

    return called


def source(folder: Path) -> str:
    with open(folder / "train.py", newline="") as file:
        return file.read()


def test_without_apply_the_script_stays(treated: Command, folder: Path) -> None:
    ended = treated(answer(), "--json", "answer.json")
    assert ended.status == 0
    assert "use_relu: evaluation loss -0.4 [-0.5, -0.3], 7 seeds" in ended.out
    assert "`--apply` writes it into the script" in ended.out
    assert source(folder) == SOURCE
    body = json.loads((folder / "answer.json").read_text())
    assert (body["winner"], body["patch"]) == ("use_relu", DIFF)


def test_a_proven_patch_is_applied_with_mode_and_line_ends(treated: Command, folder: Path) -> None:
    ended = treated(answer(), "--apply")
    assert (ended.status, ended.out.splitlines()[-1]) == (0, "applied to train.py")
    assert source(folder) == PATCHED
    assert (folder / "train.py").stat().st_mode & 0o777 == 0o754
    assert sorted(p.name for p in folder.iterdir()) == [".trainwell", "train.py"]


def test_a_patch_that_was_not_proven_is_not_applied(treated: Command, folder: Path) -> None:
    ended = treated(answer(agrees=False), "--apply")
    assert ended.status == 2
    assert "the patch was not applied: the patched script did not give" in ended.err
    assert "do not trust the patch" in ended.out
    assert source(folder) == SOURCE


def test_without_a_winner_there_is_nothing_to_apply(treated: Command, folder: Path) -> None:
    ended = treated(answer(won=False), "--apply")
    assert ended.status == 0
    assert "no remedy helped" in ended.out
    assert "nothing to apply: there is no patch" in ended.out
    assert source(folder) == SOURCE


def test_an_interrupt_has_its_own_status(treated: Command) -> None:
    ended = treated(answer(stopped="interrupted: `trainwell treat --resume` goes on from here"))
    assert ended.status == 130
    assert "--resume" in ended.out


def test_a_script_that_changed_is_not_gone_on_with(
    call: Command, treated: Command, folder: Path
) -> None:
    treated(answer())
    (folder / "train.py").write_text("x = 3\n")
    ended = call("treat", "--resume")
    assert ended.status == 2
    assert "`train.py` has changed since its treatment began: begin a new one" in ended.err
