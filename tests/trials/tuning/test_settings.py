"""Hyperparameters set in a live run: what the optimizer, loader and layers then are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.treated import surveyed, trial

from trainwell.errors import BadInputError
from trainwell.trials.job import Outcome
from trainwell.trials.tuning.domain import Choice, Range, parse_domain
from trainwell.trials.tuning.knobs import KNOBS, Seen, default_of, regularises, to_settings
from trainwell.trials.tuning.parameter import Values
from trainwell.trials.tuning.settings import OPTIMIZERS, SCHEDULES

SCRIPT = """
import json, sys, torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
x, y = torch.randn(64, 6), torch.randint(0, 3, (64,))
loader = DataLoader(TensorDataset(x[:48], y[:48]), batch_size=16)
model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Dropout(0.25), nn.Linear(8, 3))
groups = [{"params": model[0].parameters(), "lr": 0.02}, {"params": model[3].parameters()}]
optimizer = torch.optim.SGD(groups, lr=0.1, momentum=0.9, weight_decay=0.001)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
told = {"rates": [], "sizes": [], "weights": [], "std": model[0].weight.std().item()}
for epoch in range(4):
    model.train()
    for a, b in loader:
        told["sizes"].append(len(a))
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(a), b).backward()
        told["grad"] = sum(p.grad.norm() ** 2 for p in model.parameters()).sqrt().item()
        optimizer.step()
        told["rates"].append([g["lr"] for g in optimizer.param_groups])
    scheduler.step()
    told["weights"].append(model[0].weight.sum().item())
    model.eval()
    with torch.no_grad():
        nn.functional.cross_entropy(model(x[48:]), y[48:])
told["kind"] = type(optimizer).__mro__[1].__name__
told["group"] = {k: v for k, v in optimizer.param_groups[1].items() if k != "params"}
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("script") / "train.py"
    path.write_text(SCRIPT)
    return path


@pytest.fixture(scope="module")
def seen(script: Path) -> Seen:
    run, survey, outcome = surveyed(script)
    steps = max(o.steps for o in run.optimizers.values())
    return Seen(run, survey, outcome.epochs, steps)


def _run(script: Path, seen: Seen, values: Values) -> tuple[dict[str, Any], Outcome]:
    outcome = trial(script, remedies=to_settings(values, seen))
    assert outcome.status == 0, outcome.error + outcome.output
    told: dict[str, Any] = json.loads(outcome.output.splitlines()[-1])
    return told, outcome


def test_the_defaults_are_known(seen: Seen) -> None:
    known = {name: default_of(name, seen) for name in KNOBS}
    assert known == {
        "activation": "script",
        "batch_size": 16,
        "beta1": None,
        "beta2": None,
        "clip": None,
        "dropout": 0.25,
        "epochs": 4,
        "initialisation": "script",
        "label_smoothing": 0.0,
        "lr": 0.1,
        "momentum": 0.9,
        "optimizer": "sgd",
        "schedule": "script",
        "weight_decay": 0.001,
    }


def test_a_rate_keeps_the_ratio_of_the_groups_and_the_scripts_schedule(
    script: Path, seen: Seen
) -> None:
    told, _ = _run(script, seen, {"lr": 1.0})
    assert told["rates"][0] == pytest.approx([0.2, 1.0])
    assert told["rates"][-1] == pytest.approx([0.2 / 8, 1.0 / 8])


def test_numbers_of_the_optimizer_are_set(script: Path, seen: Seen) -> None:
    told, _ = _run(script, seen, {"weight_decay": 0.5, "momentum": 0.25})
    assert (told["group"]["weight_decay"], told["group"]["momentum"]) == (0.5, 0.25)


@pytest.mark.parametrize("kind", [k for k in OPTIMIZERS if k != "sgd"])
def test_another_optimizer_has_its_usual_rate_and_the_scripts_penalty(
    script: Path, seen: Seen, kind: str
) -> None:
    told, outcome = _run(script, seen, {"optimizer": kind})
    made, rate = OPTIMIZERS[kind]
    assert told["kind"] == made
    assert told["rates"][0][1] == pytest.approx(rate)
    assert told["group"]["weight_decay"] == 0.001
    assert not outcome.unused


def test_betas_and_rate_reach_the_new_optimizer(script: Path, seen: Seen) -> None:
    told, _ = _run(script, seen, {"optimizer": "adam", "lr": 0.5, "beta1": 0.5, "beta2": 0.75})
    assert told["group"]["betas"] == [0.5, 0.75]
    assert told["rates"][0][1] == pytest.approx(0.5)


def test_what_the_optimizer_does_not_have_is_said(script: Path, seen: Seen) -> None:
    _, outcome = _run(script, seen, {"optimizer": "adam", "momentum": 0.5})
    assert outcome.unused == {"momentum": "Adam has no `momentum`"}


@pytest.mark.parametrize("kind", SCHEDULES)
def test_a_schedule_overrules_the_scripts_own(script: Path, seen: Seen, kind: str) -> None:
    told, _ = _run(script, seen, {"schedule": kind})
    factors = [SCHEDULES[kind](step / 12) for step in range(12)]
    # The script's scheduler has stepped behind the last step of each epoch, before it is noted.
    assert [r[1] for r in told["rates"]] == pytest.approx([0.1 * f for f in factors])
    assert [r[0] for r in told["rates"]] == pytest.approx([0.02 * f for f in factors])


def test_a_schedule_runs_over_the_steps_of_other_batches(script: Path, seen: Seen) -> None:
    told, _ = _run(script, seen, {"schedule": "linear", "batch_size": 8})
    assert set(told["sizes"]) == {8}
    assert told["rates"][-1][1] == pytest.approx(0.1 * (1 - 23 / 24))


def test_weights_rest_after_some_epochs(script: Path, seen: Seen) -> None:
    whole, _ = _run(script, seen, {})
    told, outcome = _run(script, seen, {"epochs": 2})
    assert told["weights"][:2] == whole["weights"][:2]
    assert told["weights"][2] == told["weights"][3] == told["weights"][1]
    assert not outcome.unused


def test_all_epochs_are_as_the_script_itself(script: Path, seen: Seen) -> None:
    whole, _ = _run(script, seen, {})
    told, outcome = _run(script, seen, {"epochs": 4})
    assert told == whole
    assert not outcome.unused


def test_dropout_is_set_where_there_is_some(script: Path, seen: Seen) -> None:
    none, outcome = _run(script, seen, {"dropout": 0.0})
    usual, _ = _run(script, seen, {"dropout": 0.25})
    plain, _ = _run(script, seen, {})
    assert usual["weights"] == plain["weights"] != none["weights"]
    assert not outcome.unused


@pytest.mark.parametrize(
    "values",
    [
        {"initialisation": "he"},
        {"initialisation": "xavier_uniform"},
        {"activation": "relu"},
        {"label_smoothing": 0.1},
        {"clip": 0.01},
    ],
)
def test_the_others_change_the_training(script: Path, seen: Seen, values: Values) -> None:
    plain, _ = _run(script, seen, {})
    told, outcome = _run(script, seen, values)
    assert told["weights"] != plain["weights"]
    assert not outcome.unused


def test_what_the_script_has_stays_under_that_name(script: Path, seen: Seen) -> None:
    plain, _ = _run(script, seen, {})
    same: Values = {
        "activation": "script",
        "initialisation": "script",
        "optimizer": "script",
        "schedule": "script",
        "label_smoothing": 0.0,
    }
    assert _run(script, seen, same)[0] == plain
    assert to_settings({"activation": "tanh"}, seen) == []


@pytest.mark.parametrize(
    ("values", "does"),
    [
        ({"lr": 1.0}, False),
        ({"weight_decay": 0.01}, True),
        ({"weight_decay": 0.0001}, False),
        ({"dropout": 0.5}, True),
        ({"dropout": 0.1}, False),
        ({"label_smoothing": 0.1}, True),
        ({"epochs": 2}, True),
        ({"schedule": "cosine"}, True),
        ({"schedule": "script"}, False),
    ],
)
def test_it_is_known_what_regularises(seen: Seen, values: Values, does: bool) -> None:
    assert regularises(values, seen) is does


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("lr", "0..1", "`lr` lies in (0, inf], got `0.0`"),
        ("momentum", "0..1", "`momentum` lies in [0, 1), got `1.0`"),
        ("batch_size", "0,16", "got `0`"),
        ("batch_size", "1..2.5", "got `2.5`"),
        ("optimizer", "adam,sdg", "`optimizer` is one of adam, adamw"),
        ("optimizer", "0..1", "got `0..1`"),
        ("dropout", "true,false", "got `True`"),
    ],
)
def test_a_knob_refuses_what_it_cannot_be(name: str, text: str, line: str) -> None:
    with pytest.raises(BadInputError) as error:
        KNOBS[name].checked(name, parse_domain(text))
    assert line in str(error.value)


def test_a_knob_of_whole_numbers_makes_a_range_whole() -> None:
    assert KNOBS["batch_size"].checked("batch_size", Range(8, 64)) == Range(8, 64, whole=True)
    assert KNOBS["batch_size"].checked("batch_size", Choice((8, 16))) == Choice((8, 16))
