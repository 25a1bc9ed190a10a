"""What a treatment is asked for, through the record and back; and which arms it takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trainwell.diagnosis import diagnose
from trainwell.errors import BadInputError
from trainwell.record import Run
from trainwell.remedies.catalogue import REMEDIES, parse
from trainwell.remedies.survey import Built, Columns, Loaded, Survey
from trainwell.trials.arms import AS_IT_IS, Arm, candidates, combine, compatible
from trainwell.trials.plan import Plan, plan_from_json, plan_to_json


def test_a_plan_goes_through_json(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("x = 1\n")
    plan = Plan(str(script), ("--lr", "1"), trials=3, metric="a(b)", maximize=True, budget=60.0)
    body = json.loads(json.dumps(plan_to_json(plan)))
    assert plan_from_json(body, budget=60.0) == plan
    assert plan_from_json(body, budget=5.0).budget == 5.0


def test_a_script_that_has_changed_is_not_gone_on_with(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("x = 1\n")
    body = plan_to_json(Plan(str(script)))
    script.write_text("x = 2\n")
    with pytest.raises(BadInputError, match="has changed since its treatment began: begin a new"):
        plan_from_json(body, budget=60.0)


def test_a_script_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"no such script: `absent\.py`"):
        plan_to_json(Plan("absent.py"))
    with pytest.raises(BadInputError, match="cannot read"):
        Plan(str(tmp_path)).digest()


def test_modules_have_no_fingerprint() -> None:
    assert Plan("package.train", is_module=True).digest() == ""


def arm(names: str) -> Arm:
    return Arm(tuple(parse(names)))


def test_labels_of_arms_are_what_the_command_line_takes() -> None:
    assert Arm().label == AS_IT_IS
    both = arm("use_relu,clip_gradients=0.5")
    assert both.label == "clip_gradients=0.5 + use_relu"  # one set of remedies is one arm
    assert both == arm("clip_gradients=0.5,use_relu")
    assert parse(both.label.replace(" + ", ",")) == list(both.remedies)
    assert both.names == {"use_relu", "clip_gradients"}


@pytest.mark.parametrize(
    ("have", "other", "fits"),
    [
        ("use_relu", "initialise_he", True),
        ("use_relu", "use_gelu", False),
        ("initialise_he", "initialise_xavier", False),
        ("scale_inputs", "scale_robustly", False),
        ("lower_learning_rate", "raise_learning_rate", False),
        ("lower_learning_rate=0.1", "lower_learning_rate=0.01", False),
        ("dropout", "lower_dropout", False),
        ("train_longer", "train_shorter", False),
    ],
)
def test_what_goes_together(have: str, other: str, fits: bool) -> None:
    [one] = parse(other)
    assert compatible(parse(have), one) is fits
    [first] = parse(have)
    assert compatible([one], first) is fits


def test_winners_are_combined() -> None:
    a, b, c = arm("use_relu"), arm("clip_gradients"), arm("l1_penalty")
    assert combine([]) == combine([a]) == []
    assert [x.label for x in combine([a, b])] == ["clip_gradients + use_relu"]
    assert [x.label for x in combine([a, b, c])] == [
        "clip_gradients + use_relu",
        "clip_gradients + l1_penalty + use_relu",
    ]


def test_what_excludes_each_other_is_not_combined() -> None:
    assert combine([arm("use_relu"), arm("use_gelu")]) == []
    found = combine([arm("use_relu"), arm("use_gelu"), arm("l1_penalty")])
    assert [x.label for x in found] == ["l1_penalty + use_relu"]


COLUMNS = Columns(64, False, (0.0,), (1.0,), (-2.0,), (2.0,), (0.0,), (1.0,))


def survey() -> Survey:
    return Survey(
        "train.py",
        optimizers=(Built("SGD", "train.py", 8, {"lr": 0.1, "weight_decay": 0.0}, ("model",), 12),),
        unused_optimizers=(("train.py", 9),),
        loaders=(Loaded("train.py", 5, True, False, 8, False),),
        inputs=COLUMNS,
        targets=COLUMNS,
        backward=(("train.py", 11),),
        training_calls=(("train.py", 10),),
        evaluation_calls=(("train.py", 15),),
        evaluations=9,
        batch=8,
    )


def test_a_survey_goes_through_json() -> None:
    assert Survey.from_json(json.loads(json.dumps(survey().to_json()))) == survey()
    assert Survey.from_json(Survey("train.py").to_json()) == Survey("train.py")
    assert survey().optimizers[0].model == "model"
    assert Built("SGD", "train.py", 8, {}, ("a", "b")).model is None


def test_against_overfitting_all_its_remedies_are_tried_or_say_why_not() -> None:
    found, unfit = candidates(diagnose(Run("run", "train.py")), survey(), overfitting=True)
    named = {r.name for r in found} | set(unfit)
    assert named >= {n for n, kind in REMEDIES.items() if kind.against_overfitting}
    assert unfit["label_smoothing"] == "the training loss is no cross-entropy"
    assert {"l1_penalty", "weight_noise", "early_stopping", "input_noise"} <= {
        r.name for r in found
    }


def test_without_findings_nothing_is_tried() -> None:
    found, unfit = candidates(diagnose(Run("run", "train.py")), survey())
    assert (found, unfit) == ([], {})
