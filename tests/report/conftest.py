"""Invented runs and diagnoses: what the renderers are tested on."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from trainwell.diagnosis import Diagnosis, Entry, Suppressed
from trainwell.record import (
    Evaluation,
    Network,
    Objective,
    Operation,
    Parameter,
    Place,
    Run,
    Series,
    Severity,
    Sighting,
)

FOLDER = "/home/ada/digits"


def make_run() -> Run:
    """A network of three layers whose loss stands still."""
    made = Run("20261122-104500-4f2a", "train.py", ["--lr", "0.1"], 1.0, 7.5, 0, steps=1240)
    made.networks[0] = Network(0, "Net", modules=6, parameter_count=9_000)
    made.objectives[0] = Objective(0, Place(None, f"{FOLDER}/train.py", 40), steps=1240)
    made.vitals["objective", 0, "loss"] = Series(
        list(range(60)), [2.3 - 0.002 * i + 0.01 * math.sin(i) for i in range(60)]
    )
    for number in range(4):
        made.evaluations[number] = Evaluation(
            number, 300 * number, "test", 2.31 + 0.01 * number, 2.3, 500, "cross_entropy"
        )
    for number, name in enumerate(["fc1", "fc2", "out"]):
        place = Place(name, f"{FOLDER}/train.py", 20 + number, f"x = self.{name}(x)")
        made.operations[number] = Operation(
            number, "linear", "AddmmBackward0", 0, place, parameters=(number,), depth=number + 1
        )
        made.parameters[number] = Parameter(number, f"{name}.weight", name, 0, is_weight=True)
        made.vitals["parameter", number, "gradient_rms"] = Series(
            [0, 100, 400], [10.0 ** (number - 6), 10.0 ** (number - 5), 10.0 ** (number - 5.5)]
        )
    return made


def entry(
    code: str,
    slug: str,
    severity: Severity,
    message: str,
    *places: Place,
    remedies: tuple[str, ...] = (),
    consequences: tuple[Entry, ...] = (),
    evidence: dict | None = None,
    step: int = 0,
) -> Entry:
    """An entry with one place or several."""
    seen = tuple(
        Sighting(place, message, step, severity, evidence or {}, 0.5)
        for place in places or (Place(),)
    )
    return Entry(
        code,
        slug,
        severity,
        message,
        step,
        places,
        evidence or {},
        tuple(c.slug for c in consequences),
        remedies,
        seen,
        consequences,
    )


def make_diagnosis() -> Diagnosis:
    """Two roots, one with a chain of consequences."""
    file = f"{FOLDER}/train.py"
    collapsed = entry(
        "ACT103",
        "collapsed-activations",
        "warning",
        "the output of out is the same for every example",
        Place("out", file, 22, "x = self.out(x)"),
    )
    vanishing = entry(
        "GRD101",
        "vanishing-gradient",
        "error",
        "the gradient of fc1 is 0.003 of that of out, and the loss has fallen by 2 % only",
        Place("fc1", file, 20, "x = self.fc1(x)"),
        consequences=(collapsed,),
        step=100,
    )
    softmax = entry(
        "LOS101",
        "double-softmax",
        "error",
        "cross_entropy is given probabilities, whose rows sum to 1 within 1.2e-07; it expects raw"
        " outputs, and squashes these once more",
        Place("out", file, 24, "return F.softmax(self.out(x), dim=1)"),
        remedies=("feed_logits", "match_loss"),
        consequences=(vanishing,),
        evidence={"row_sum_error": 1.2e-7, "calls": 1240, "finite": True, "ratio": math.inf},
    )
    gradient = entry(
        "GRD102",
        "exploding-gradient",
        "warning",
        "the gradient of out grows to 1.2e+03 times that of fc1",
        Place("out", file, 22, "x = self.out(x)"),
        Place("fc2", file, 21, "x = self.fc2(x)"),
        Place(None, "/opt/lib/layers.py", 7),
        remedies=("clip_gradients", "lower_learning_rate", "add_batch_norm", "use_relu"),
        evidence={"growth": [1.0, 3.0, 40.0, 1200.0], "by_layer": {"fc1": 0.01, "out": 12.0}},
        step=400,
    )
    return Diagnosis(
        make_run(), (softmax, gradient), (("OPT102", "the run is shorter than 50 steps"),)
    )


@pytest.fixture
def folder() -> str:
    """The folder in which the invented script stands."""
    return FOLDER


@pytest.fixture
def run() -> Run:
    """A network of three layers whose loss stands still."""
    return make_run()


@pytest.fixture
def diagnosis() -> Diagnosis:
    """Two roots, one with a chain of consequences."""
    return make_diagnosis()


@pytest.fixture
def suppressed() -> Suppressed:
    """A sighting that a comment hides."""
    code = "x = F.relu(x)  # trainwell: ignore[ACT101] sparse on purpose"
    place = Place("relu after fc1", f"{FOLDER}/train.py", 21, code)
    message = "70% of the units of relu after fc1 are zero on every example"
    seen = Sighting(place, message, 100, "warning", {"silent_share": 0.7}, 0.7)
    return Suppressed("ACT101", "dying-relu", seen, "sparse on purpose")


@pytest.fixture
def make_entry() -> Callable[..., Entry]:
    """Makes an entry of a diagnosis."""
    return entry
