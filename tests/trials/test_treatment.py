"""Whole treatments of tiny scripts, from the first run to the patch."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from tests.forked import run_forked

import trainwell
from trainwell.errors import BadInputError, UnknownNameError
from trainwell.record.store import Store
from trainwell.record.treatments import Treatments
from trainwell.report.treatment import render_treatment
from trainwell.report.treatment_json import render_treatment_json
from trainwell.trials import checking, treatment
from trainwell.trials.answer import Answer
from trainwell.trials.applying import apply_patch
from trainwell.trials.arms import AS_IT_IS
from trainwell.trials.plan import Plan, Progress, plan_from_json
from trainwell.trials.pool import Pool
from trainwell.trials.treatment import Treatment

UNSCALED = """\
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(160, 3) * torch.tensor([1.0, 300.0, 0.02]) + torch.tensor([0.0, 900.0, 0.1])
y = (x[:, 0] + (x[:, 1] - 900) / 300 > 0).long()
model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(4):
    for a, b in zip(x[:96].split(16), y[:96].split(16)):
        optimizer.zero_grad()
        F.cross_entropy(model(a), b).backward()
        optimizer.step()
    with torch.no_grad():
        output = model(x[96:])
        loss = F.cross_entropy(output, y[96:])
    print(f"epoch {epoch} accuracy: {(output.argmax(1) == y[96:]).float().mean():.4f}")
"""


@pytest.fixture(scope="module")
def shared() -> Iterator[Pool]:
    with Pool(2) as pool:
        yield pool


def bare_fork(
    script: str,
    source: str,
    arguments: tuple[str, ...],
    *,
    threads: int,
    limit: float,
    module: str,
    folder: str | None,
) -> tuple[int, str]:
    """`bare_run` in a fork: importing PyTorch anew takes longer than all trials together."""
    del threads, limit
    assert not module
    assert folder is None  # none of these scripts writes files
    path = Path(script).with_name(".bare.py")
    path.write_text(source)
    ran = run_forked(path, *arguments, probed=False)
    path.unlink()
    return (1 if ran.error else 0), ran.output


@pytest.fixture
def project(tmp_path: Path, shared: Pool, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Writes a script into an empty folder, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(treatment, "Pool", lambda *_: nullcontext(shared))
    monkeypatch.setattr(checking, "bare_run", bare_fork)

    def write(source: str) -> Path:
        script = tmp_path / "train.py"
        script.write_text(source)
        return script

    return write


@pytest.fixture(scope="module")
def cured(tmp_path_factory: pytest.TempPathFactory, shared: Pool) -> Answer:
    """The answer of one whole treatment."""
    folder = tmp_path_factory.mktemp("cured")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(treatment, "Pool", lambda *_: nullcontext(shared))
        patch.setattr(checking, "bare_run", bare_fork)
        Path("train.py").write_text(UNSCALED)
        told: list[Progress] = []
        answer = trainwell.treat("train.py", remedies="scale_inputs,l1_penalty", tell=told.append)
        assert [p.stage for p in told][:1] == ["running the script as it is"]
        assert told[-1].best.startswith("scale_inputs -")
        assert (folder / "train.py").read_text() == UNSCALED
        assert sorted(p.name for p in folder.iterdir()) == [".trainwell", "train.py"]
    return answer


@pytest.mark.parametrize("name", ["train", "__main__"])
def test_a_module_in_a_package_gets_a_patch(
    name: str, tmp_path: Path, shared: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(treatment, "Pool", lambda *_: nullcontext(shared))
    package = tmp_path / "deep" / name.strip("_")
    package.mkdir(parents=True)
    data, rest = UNSCALED.partition("model = ")[::2]
    (package / "data.py").write_text(data)
    imports = "import torch\nimport torch.nn.functional as F\nfrom torch import nn\n"
    source = imports + "from .data import x, y\n\nmodel = " + rest
    # It writes by a relative path: trials run in mirrors, and the module stays where it lies.
    source += "print(__file__, __name__)\ntorch.save(model.state_dict(), 'model.pt')\n"
    script = package / f"{name}.py"
    script.write_text(source)
    module = "deep.main" if name == "__main__" else "deep.train.train"
    plan = Plan(module, is_module=True, folder=str(tmp_path), remedies="scale_inputs,l1_penalty")
    answer = Treatment(plan).run()
    assert answer.patch is not None
    assert answer.patch.path == str(script.relative_to(tmp_path))
    assert f"+++ b/{answer.patch.path}" in answer.patch.diff
    checked = answer.patch.checked
    assert checked is not None
    assert (checked.agrees, checked.bare_status, checked.same_output) == (True, 0, True)
    assert checked.difference < 1e-6
    assert script.read_text() == source
    # Only the script as it is has written into the folder itself.
    assert (tmp_path / "model.pt").exists()
    assert sorted(p.name for p in package.glob("*.py")) == sorted(["data.py", script.name])
    assert apply_patch(answer) == f"applied to {answer.patch.path}"
    assert script.read_text() == answer.patch.source != source


class TestCured:
    def test_the_cure_is_found_and_the_patch_agrees(self, cured: Answer) -> None:
        assert cured.winner is not None
        assert "scale_inputs" in cured.winner.label
        assert cured.winner.comparison.verdict == "helps"
        assert cured.winner.comparison.high < 0
        assert repr(cured).startswith(f"{cured.winner.label}: evaluation loss -")
        assert cured.patch is not None
        assert cured.patch.whole
        checked = cured.patch.checked
        assert checked is not None
        assert (checked.agrees, checked.bare_status, checked.same_output) == (True, 0, True)
        assert checked.difference < 1e-6
        assert "+model.register_forward_pre_hook(scale_input)" in cured.patch.diff

    def test_all_arms_ran_on_common_seeds(self, cured: Answer) -> None:
        assert not cured.deterministic
        assert len(cured.baseline) >= 7
        assert [r.label for r in cured.arms][:2] == ["scale_inputs", "l1_penalty"]
        seeds = cured.winner.comparison.seeds  # type: ignore[union-attr]
        assert seeds == 8
        assert cured.runs == len(cured.baseline) + sum(r.comparison.seeds for r in cured.arms)
        assert cured.stopped == ""

    def test_json_has_what_was_promised(self, cured: Answer) -> None:
        body = json.loads(render_treatment_json(cured))
        assert body["schema"] == 1
        assert body["metric"] == {"name": "evaluation loss", "maximize": False}
        assert body["baseline"]["mean"] == pytest.approx(
            sum(cured.baseline.values()) / len(cured.baseline)
        )
        assert body["winner"] == cured.winner.label  # type: ignore[union-attr]
        assert body["patch"] == cured.patch.diff  # type: ignore[union-attr]
        assert body["patch_agrees"] is True
        for arm in body["arms"]:
            assert {"remedy", "effect", "interval", "seeds", "p", "verdict", "patch"} <= set(arm)
            assert arm["verdict"] in ("helps", "hurts", "no evidence")
            assert len(arm["interval"]) == 2
        [first, *_] = [a for a in body["arms"] if a["remedy"] == body["winner"]]
        assert first["patch"] == body["patch"]
        assert first["interval"][0] <= first["effect"] <= first["interval"][1] < 0

    def test_the_report_has_the_verdict_and_the_patch(self, cured: Answer) -> None:
        text = render_treatment(cured, width=120)
        assert repr(cured) in text
        assert "judged by the evaluation loss (lower is better)" in text
        assert "the patched script, run by Python alone, gives the trial's result" in text
        assert "+model.register_forward_pre_hook(scale_input)" in text
        assert "found DAT101 unscaled-features" in text

    def test_rows_frame_and_plot(self, cured: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
        rows = cured.rows()
        assert [row["remedy"] for row in rows] == [r.label for r in cured.arms]
        assert {"effect", "low", "high", "p", "seeds", "verdict", "mean", "seconds"} <= set(rows[0])
        monkeypatch.setitem(sys.modules, "pandas", None)
        with pytest.raises(ImportError, match="a data frame needs pandas: pip install pandas"):
            cured.to_frame()
        monkeypatch.setitem(sys.modules, "matplotlib", None)
        monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
        with pytest.raises(ImportError, match=r"pip install 'trainwell\[plots\]'"):
            cured.plot()

    def test_the_frame_with_pandas(self, cured: Answer) -> None:
        pytest.importorskip("pandas")
        assert list(cured.to_frame()["remedy"]) == [r.label for r in cured.arms]

    def test_the_plot_with_matplotlib(self, cured: Answer) -> None:
        pytest.importorskip("matplotlib")
        assert len(cured.plot().axes[0].get_yticks()) == len(cured.arms)

    def test_the_script_is_the_patched_one_when_it_is_applied(
        self, cured: Answer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        script = tmp_path / "train.py"
        script.write_text(UNSCALED)
        script.chmod(0o751)
        assert apply_patch(cured) == "applied to train.py"
        assert script.read_text() == cured.patch.source  # type: ignore[union-attr]
        assert script.stat().st_mode & 0o777 == 0o751
        assert [p.name for p in tmp_path.iterdir()] == ["train.py"]


def test_trials_end_when_they_are_used_up(project: Callable[[str], Path]) -> None:
    script = project(UNSCALED)
    answer = trainwell.treat(str(script), remedies="scale_inputs", trials=5, keep=False)
    assert (answer.runs, answer.stopped) == (5, "the 5 trials are used up")
    assert answer.winner is None
    assert [r.comparison.verdict for r in answer.arms] == ["no evidence"]
    assert "the 5 trials are used up" in render_treatment(answer)


def test_the_budget_ends_it_after_the_first_run(project: Callable[[str], Path]) -> None:
    answer = trainwell.treat(
        str(project(UNSCALED)), remedies="scale_inputs", budget=1e-9, keep=False
    )
    assert answer.runs == 1
    assert answer.stopped.startswith("the budget of ")
    assert json.loads(render_treatment_json(answer))["arms"][0]["effect"] is None


def test_an_interrupted_treatment_goes_on_and_runs_no_trial_twice(
    project: Callable[[str], Path], shared: Pool
) -> None:
    script = project(UNSCALED)
    store = Store(".trainwell/runs.db")
    kept = Treatments(store)
    plan = Plan(str(script), folder=str(script.parent), remedies="scale_inputs,l1_penalty")

    def interrupt(progress: Progress) -> None:
        if progress.done >= 9:
            raise KeyboardInterrupt

    first = Treatment(plan, kept, interrupt).run()
    while shared.free < shared.size:
        shared.wait(60)  # a pool of its own would have killed them
    assert first.stopped.startswith("interrupted: `trainwell treat --resume`")
    assert first.patch is None
    ended = kept.trials(first.id)
    assert 3 <= len(ended) < 9
    summary = kept.latest()
    assert (summary.id, summary.ended) == (first.id, None)

    started: list[int] = []
    again = plan_from_json(summary.plan, budget=600.0)
    second = Treatment(again, kept, lambda p: started.append(p.done), resume=first.id).run()
    assert second.id == first.id
    assert second.winner is not None
    assert max(started) == second.runs - len(ended)
    assert len(kept.trials(first.id)) == second.runs
    assert kept.latest().ended is not None
    # What was kept is what was used.
    assert all(kept.trials(first.id)[key] == outcome for key, outcome in ended.items())
    store.close()


def test_where_nothing_helps_nothing_is_said_to(project: Callable[[str], Path]) -> None:
    idle = "clip_gradients=1e9,lower_learning_rate=1e-6"
    answer = trainwell.treat(str(project(UNSCALED)), remedies=idle, keep=False)
    assert answer.winner is None
    assert answer.patch is None
    clipped = answer.arms[0]
    assert clipped.comparison.dropped == "no better on 1 seed"
    assert clipped.comparison.effect == 0
    body = json.loads(render_treatment_json(answer))
    assert (body["winner"], body["patch"]) == (None, None)
    text = render_treatment(answer)
    assert "no remedy helped" in text
    assert apply_patch(answer) == "nothing to apply: there is no patch"


def test_a_number_that_the_script_prints(project: Callable[[str], Path]) -> None:
    answer = trainwell.treat(
        str(project(UNSCALED)),
        remedies="scale_inputs",
        metric=r"accuracy: ([\d.]+)",
        maximize=True,
        keep=False,
    )
    assert answer.winner is not None
    low, high = answer.bounds(answer.winner.comparison)
    assert 0 < low <= high
    assert "accuracy: ([\\d.]+) +" in repr(answer)
    assert answer.patch is not None
    assert answer.patch.checked is not None
    assert answer.patch.checked.agrees
    row = answer.rows()[0]
    assert row["low"] <= row["effect"] <= row["high"]
    assert json.loads(render_treatment_json(answer))["metric"]["maximize"] is True
    assert "(higher is better)" in render_treatment(answer)


ACCURACY_ALONE = UNSCALED.replace("        loss = F.cross_entropy(output, y[96:])\n", "").replace(
    "accuracy:", "val acc"
)


def test_a_script_that_prints_only_an_accuracy(project: Callable[[str], Path]) -> None:
    news: list[str] = []
    answer = trainwell.treat(
        str(project(ACCURACY_ALONE)),
        remedies="scale_inputs,l1_penalty",
        keep=False,
        tell=lambda progress: news.append(progress.news),
    )
    assert answer.measure is not None
    assert (answer.measure.label, answer.measure.maximize) == ("val acc", True)
    assert answer.winner is not None
    assert answer.winner.label == "scale_inputs"
    assert answer.proven_after is not None
    assert answer.proven_after <= 3 + 3 + 2 * 8
    told = [text for text in news if text]
    assert len(told) == 1
    assert re.search(
        r"a run takes .*: a first answer takes about 11 runs .*, and up to 23", told[0]
    )
    text = render_treatment(answer)
    assert "judged by the `val acc` that the script prints (higher is better)" in text
    assert "held out" not in text


def test_a_quick_look_proves_nothing(project: Callable[[str], Path]) -> None:
    answer = trainwell.treat(
        str(project(UNSCALED)), remedies="scale_inputs,l1_penalty", quick=True, keep=False
    )
    assert (answer.runs, [r.label for r in answer.arms]) == (2, ["scale_inputs"])
    assert answer.winner is not None
    assert answer.winner.comparison.verdict == "no evidence"
    assert answer.patch is not None
    assert answer.patch.diff
    assert answer.patch.checked is None
    text = render_treatment(answer, width=200)
    assert "on one seed, not proven" in text
    assert json.loads(render_treatment_json(answer))["quick"] is True
    with pytest.raises(BadInputError, match="a quick look proves nothing"):
        apply_patch(answer)


def test_the_exact_test_takes_more_runs(project: Callable[[str], Path]) -> None:
    script = str(project(ACCURACY_ALONE))
    fast, exact = (
        trainwell.treat(script, remedies="scale_inputs,l1_penalty", exact=exact, keep=False)
        for exact in (False, True)
    )
    for answer in (fast, exact):
        assert answer.winner is not None
        assert answer.winner.label == "scale_inputs"
        assert answer.proven_after is not None
    assert exact.winner is not None
    assert exact.winner.comparison.seeds >= 7, "two arms, and a level of 5 % for both"
    assert (fast.proven_after or 0) < (exact.proven_after or 0)


def test_an_arm_that_crashes_is_told_and_not_the_end(project: Callable[[str], Path]) -> None:
    script = project(UNSCALED + "assert len(list(model[0].parameters())) == 2, 'other layers'\n")
    answer = trainwell.treat(
        str(script), remedies="add_batch_norm,scale_inputs", keep=False, trials=12
    )
    by_label = {r.label: r for r in answer.arms}
    failed = by_label["add_batch_norm"]
    assert failed.comparison.failed == 1
    assert failed.comparison.dropped == "every trial failed"
    assert failed.error == "AssertionError: other layers"
    assert by_label["scale_inputs"].comparison.failed == 0
    assert "add_batch_norm: 1 trial failed: AssertionError" in render_treatment(answer, width=120)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("raise ValueError('no data')", "the script itself fails, .*: ValueError: no data"),
        ("raise SystemExit(3)", "the script itself fails"),
        ("print('hello')", r"saw no backward\(\): nothing was trained"),
        (
            UNSCALED[: UNSCALED.index("    with torch.no_grad")],
            "nothing to judge by: no loss function was called on held-out data, and no number",
        ),
    ],
)
def test_scripts_that_cannot_be_treated(
    project: Callable[[str], Path], source: str, message: str
) -> None:
    with pytest.raises(BadInputError, match=message):
        trainwell.treat(str(project(source)), remedies="use_relu", keep=False)


def test_a_mistake_in_a_name_shows_before_the_script_runs(project: Callable[[str], Path]) -> None:
    script = project("open('ran', 'w').close()\n")
    with pytest.raises(UnknownNameError, match="did you mean `scale_inputs`"):
        trainwell.treat(str(script), remedies="scale_input")
    with pytest.raises(BadInputError, match="no such script"):
        trainwell.treat("absent.py")
    assert not script.with_name("ran").exists()


def test_what_does_not_fit_is_not_tried_and_says_why(project: Callable[[str], Path]) -> None:
    answer = trainwell.treat(
        str(project(UNSCALED)), remedies="scale_targets,lower_dropout", keep=False
    )
    assert answer.unfit == {
        "scale_targets": "no regression loss was seen",
        "lower_dropout": "nothing drops more than 0.1",
    }
    assert (answer.arms, answer.runs) == ((), 1)
    assert "there is no remedy to try here" in render_treatment(answer)


def test_a_deterministic_script_is_told(project: Callable[[str], Path]) -> None:
    fixed = UNSCALED.replace("torch.manual_seed(0)", "torch.default_generator.manual_seed(0)")
    answer = trainwell.treat(str(project(fixed)), remedies="scale_inputs", trials=6, keep=False)
    assert answer.deterministic
    assert len(set(answer.baseline.values())) == 1
    assert not any(map(math.isnan, answer.baseline.values()))
    assert "gives the same result on every seed" in render_treatment(answer, width=120)
    assert AS_IT_IS not in {r.label for r in answer.arms}


def test_an_unproven_patch_is_not_applied(cured: Answer, tmp_path: Path) -> None:
    from dataclasses import replace

    script = tmp_path / "train.py"
    script.write_text(UNSCALED)
    assert cured.patch is not None
    assert cured.patch.checked is not None
    for checked in (None, replace(cured.patch.checked, agrees=False)):
        unproven: Any = replace(
            cured, script=str(script), patch=replace(cured.patch, checked=checked)
        )
        with pytest.raises(BadInputError, match="the patch was not applied"):
            apply_patch(unproven)
    assert script.read_text() == UNSCALED
