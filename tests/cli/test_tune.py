"""`trainwell tune`, as a user calls it."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trainwell.cli.times import seconds
from trainwell.cli.tune_input import ask_for_setting, read_table
from trainwell.cli.tune_progress import Shown
from trainwell.errors import BadInputError
from trainwell.report.tuning import render_tuned
from trainwell.report.tuning_html import importances, render_tuned_html
from trainwell.report.tuning_json import render_tuned_json
from trainwell.report.tuning_suggestions import render_suggestions
from trainwell.trials.tuning.calling import tune
from trainwell.trials.tuning.plan import Standing, TunePlan
from trainwell.trials.tuning.search import Search
from trainwell.trials.tuning.suggestion import Suggestion, Suggestions
from trainwell.trials.tuning.tuned import Rescored, TrialResult, Tuned

Command = Callable[..., Any]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["tune"], "give the script to tune: trainwell tune SCRIPT [ARGS]"),
        (["tune", "absent.py"], "no such script: `absent.py`"),
        (["tune", "train.py"], "nothing to search: give ranges, as in --param lr=log:1e-5..1e-1"),
        (["tune", "-p", "lr=2..1", "train.py"], "`lr`: the range 2..1 is the wrong way round"),
        (["tune", "-p", "lr=log:0..1", "train.py"], "a logarithmic range begins above 0"),
        (["tune", "-p", "lr", "train.py"], "`--param` takes NAME=RANGE"),
        (["tune", "-p", "lr=0..1", "--search", "gird", "train.py"], "did you mean `grid`?"),
        (["tune", "-p", "lr=0..1", "--engine", "rya", "train.py"], "did you mean `ray`?"),
        (["tune", "-p", "lr=0..1", "--budget", "soon", "train.py"], "`--budget` takes a time"),
        (["tune", "--maximize", "train.py"], "`--maximize` goes with `--metric`"),
        (["tune", "--table", "t.csv", "train.py"], "`--table` goes with `--search manual`"),
        (
            ["tune", "--search", "manual", "--table", "t.csv", "train.py"],
            "`--table`: cannot read `t.csv`",
        ),
        (["tune", "--json", "absent/a.json", "train.py"], "its folder does not exist"),
        (["tune", "--show", "last"], "nothing was tuned here yet: trainwell tune SCRIPT"),
        (["tune", "--replay", "3"], "nothing was tuned here yet"),
        (["tune", "--resume"], "nothing was tuned here yet"),
        (["tune", "--resume", "train.py"], "`--resume` takes neither script nor --param"),
        (["tune", "--trials", "0", "train.py"], "invalid value for '--trials'"),
    ],
)
def test_misuse_is_one_line(call: Command, folder: Path, words: list[str], line: str) -> None:
    ended = call(*words)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith("trainwell: ")
    assert line in ended.err
    assert ended.err.count("\n") == 1


def test_help_teaches(call: Command) -> None:
    ended = call("tune", "--help")
    assert ended.status == 0
    assert "trainwell tune --suggest train.py" in ended.out
    assert "momentum=0..0.99 if" in ended.out
    assert max(map(len, ended.out.splitlines())) <= 80


FOUND = Tuned(
    study="train-1",
    script="train.py",
    search="bayes",
    metric="evaluation loss",
    maximize=False,
    trials=(
        TrialResult(0, "complete", {}, 2.0, is_default=True),
        TrialResult(1, "complete", {"lr": 0.123456, "--hidden": 64}, 0.5, 1.25),
        TrialResult(2, "failed", {"lr": 9.0, "--hidden": 8}, None, 0.5, "ValueError: no"),
        TrialResult(3, "complete", {"lr": 0.2, "--hidden": 32}, 0.4, 1.5),
        TrialResult(4, "pruned", {"lr": 0.001, "--hidden": 32}, None, 0.5),
    ),
    default=2.0,
    rescored=(
        Rescored(1, {"lr": 0.123456, "--hidden": 64}, 0.5, (0.5, 0.7), 0.6, -1.4, -1.6, -1.2, 0.5),
        Rescored(3, {"lr": 0.2, "--hidden": 32}, 0.4, (0.9, 0.9), 0.9, -1.1, -1.3, -0.9, 0.5),
        Rescored(None, {}, 2.0, (1.9, 2.1), 2.0),
    ),
    parameters=("lr=log:0.001..10", "--hidden=int:8..64"),
    unused={"momentum": ("Adam has no `momentum`", 2)},
)


def test_the_best_is_the_one_that_holds() -> None:
    assert FOUND.best is not None
    assert FOUND.best.number == 1
    assert FOUND.holds is True
    # The search's favourite was trial 3: it believed in a gain of 1.6, and 1.1 is left.
    assert FOUND.overtuning == pytest.approx(1 - 1.1 / 1.6)


def test_what_was_found_is_told() -> None:
    text = render_tuned(FOUND, width=100)
    for line in (
        "train.py: 2 complete, 1 pruned, 1 failed; evaluation loss, lower is better",
        "failed 1x: ValueError: no",
        "lr=0.1235 --hidden=64",
        "Again, on 2 fresh seeds:",
        "Trial 1 holds: it is better than the defaults on fresh seeds.",
        "Overtuning: on fresh seeds the gain is 31% smaller than the search believed.",
        "momentum did nothing in 2 trials: Adam has no `momentum`",
        "trainwell tune --replay 1 --study train-1",
    ):
        assert line in text
    assert max(map(len, text.splitlines())) <= 100


def test_settings_that_change_nothing_are_told() -> None:
    from dataclasses import replace

    same = tuple(replace(t, value=2.0) for t in FOUND.trials if t.state == "complete")
    line = "All trials gave just what the defaults gave: what was set changes nothing."
    assert line in render_tuned(replace(FOUND, trials=same))
    assert line not in render_tuned(FOUND)


@pytest.mark.parametrize(
    ("low", "high", "line"),
    [(-1.0, 1.0, "Open: on fresh seeds"), (0.5, 1.0, "Keep the defaults")],
)
def test_a_gain_that_does_not_hold_is_no_gain(low: float, high: float, line: str) -> None:
    from dataclasses import replace

    first = replace(FOUND.rescored[0], effect=0.1, low=low, high=high)
    assert line in render_tuned(replace(FOUND, rescored=(first, FOUND.rescored[2])))


def test_json_keeps_its_promise() -> None:
    body = json.loads(render_tuned_json(FOUND))
    assert (body["schema"], body["study"], body["metric"]) == (1, "train-1", "evaluation loss")
    assert body["trials"][0] == {
        "number": 1,
        "state": "complete",
        "params": {"lr": 0.123456, "--hidden": 64},
        "value": 0.5,
        "seconds": 1.25,
    }
    assert [t["state"] for t in body["trials"]] == ["complete", "failed", "complete", "pruned"]
    assert body["best"]["number"] == 1
    assert body["default"] == {"value": 2.0}
    assert [r["number"] for r in body["rescored"]] == [1, 3, None]
    # What is not a number is null in JSON.
    assert body["rescored"][2]["effect"] is None


def test_the_page_opens_offline_and_holds_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    # The defaults lie outside of the space: they must not hide what the trials show.
    def bowl(x: float = 2.0, y: float = 2.0) -> float:
        return 10 * x**2 + y**2

    parameters = {"x": (-1.0, 1.0), "y": (-1.0, 1.0)}
    found = tune(bowl, parameters, engine="inline", search="random", trials=30, seeds=0)
    shares = importances(found, "fanova")
    assert list(shares) == ["x", "y"]
    assert math.isclose(sum(shares.values()), 1)
    page = render_tuned_html(found)
    for heading in ("Importance", "History", "Slices", "Parallel coordinates", "Trials"):
        assert f"<h2>{heading}</h2>" in page
    # The library itself is inside, once; nothing is fetched.
    assert page.count('class="plotly-graph-div"') == 4
    assert page.count("plotly.js v") == 1
    assert "<script src=" not in page


def test_suggestions_are_a_command() -> None:
    suggestions = Suggestions(
        (("0", 2600), ("2", 410)),
        (
            Suggestion("lr=log:0.001..1", 0.01, "what matters most"),
            Suggestion("momentum=0..0.99 if optimizer=sgd", None, "SGD lives by it"),
        ),
    )
    text = render_suggestions(suggestions, "train.py --epochs 3")
    assert "Learned by training: 3,010 parameters" in text
    assert "Set by you: 2 hyperparameters worth a search" in text
    assert "now 0.01" in text
    assert text.endswith(
        "  trainwell tune \\\n    -p lr=log:0.001..1 \\\n"
        "    -p 'momentum=0..0.99 if optimizer=sgd' \\\n    train.py --epochs 3\n"
    )


def test_a_table_is_read(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("lr, optimizer,--fast\n0.1,sgd,true\n1, ,false\n")
    assert read_table(str(path)) == (
        {"lr": 0.1, "optimizer": "sgd", "--fast": True},
        {"lr": 1, "--fast": False},
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("lr\n", "holds no settings below its line of names"),
        ("lr,x\n1\n", "line 2 of"),
        ("lr\n1,2\n", "has not as many values as names"),
    ],
)
def test_a_wrong_table_is_refused(tmp_path: Path, text: str, line: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(text)
    with pytest.raises(BadInputError) as error:
        read_table(str(path))
    assert line in str(error.value)


@pytest.mark.parametrize(
    ("text", "value"), [(None, math.inf), ("90s", 90), ("20m", 1200), ("2h", 7200), ("3", 180)]
)
def test_times_are_read(text: str | None, value: float) -> None:
    assert seconds(text) == value


def test_settings_are_typed_one_after_another(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("lr=0.1 optimizer=sgd\nlr\n'x\nlr=1\n\nlr=2\n"))
    assert ask_for_setting("") == {"lr": 0.1, "optimizer": "sgd"}
    assert ask_for_setting("no such thing") == {"lr": 1}
    assert ask_for_setting("") is None
    told = capsys.readouterr().err
    assert "trainwell: no such thing" in told
    assert "trainwell: write NAME=VALUE, got `lr`" in told
    assert "No closing quotation" in told


def test_typed_settings_are_run_as_they_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def bowl(x: float = 1.0) -> float:
        return x**2

    rows: list[dict[str, Any] | None] = [{"x": 0.5}, {"y": 1}, {"x": -3}, None]
    wrong: list[str] = []

    def typed(what: str) -> dict[str, Any] | None:
        wrong.append(what)
        return rows.pop(0)

    plan = TunePlan("bowl", search="manual", engine="inline", seeds=0)
    found = Search(plan, bowl, typed=typed).run()
    assert [(t.values, t.value) for t in found.trials[1:]] == [({"x": 0.5}, 0.25), ({"x": -3}, 9)]
    assert wrong == ["", "", "unknown parameter of `bowl`: `y`", ""]


def test_the_standing_is_a_line_a_trial_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Shown(live=True) as shown:
        for recent in (((1, "complete", 0.5, {"lr": 0.1}),),) * 2:
            shown.tell(Standing("searching", 40, complete=1, recent=recent))
    assert capsys.readouterr().err.splitlines() == [
        "trainwell: searching",
        "trainwell: 1/40: trial 1 complete 0.5: lr=0.1",
    ]
