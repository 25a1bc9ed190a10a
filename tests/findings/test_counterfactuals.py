"""How findings use the settings that were tried under `--probe`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.findings.invented import Invention, falling, mlp, only, sightings, standing, undecided

from trainwell.findings.learning_rate_too_high import LearningRateTooHigh
from trainwell.findings.learning_rate_too_low import LearningRateTooLow
from trainwell.findings.noisy_batches import NoisyBatches
from trainwell.findings.too_few_epochs import TooFewEpochs
from trainwell.record import Counterfactual


def run_with(
    update: float, losses: list[float] | None = None, agreement: float | None = None
) -> Invention:
    """Layers whose updates have this size beside their weights."""
    made = mlp(losses, depth=2)
    for number in range(2):
        made.measure("parameter", number, update_ratio=update, moved=1e-3, gradient_norm=0.1)
    if agreement is not None:
        made.measure("objective", 0, gradient_agreement=[agreement] * 12)
    return made


def add(made: Invention, after: float, **fields: Any) -> Invention:
    """A setting that was tried: from 2.3, where the run reached 2.0."""
    number = len(made.run.counterfactuals)
    given: dict[str, Any] = {
        "number": number,
        "objective": 0,
        "start": "initial",
        "optimizer": "SGD",
        "learning_rate": 0.1 * fields.get("factor", 1.0),
        "factor": 1.0,
        "batches": 1,
        "steps": 60,
        "run_steps": 60,
        "before": 2.3,
        "after": after,
        "spread": 0.01,
        "reached": 2.0,
        "is_baseline": number == 0,
    }
    made.run.counterfactuals[number] = Counterfactual(**(given | fields))
    return made


def test_what_another_network_teaches_was_not_tried() -> None:
    made = add(add(run_with(1e-3, falling(2.3, 2.0)), 2.0), 0.4, factor=10.0)
    made.run.objectives[0] = replace(made.run.objectives[0], taught=9)
    assert not sightings(LearningRateTooLow(), made)


def test_a_higher_rate_that_learns_is_enough_for_a_rate_too_low() -> None:
    made = add(add(run_with(1e-3, falling(2.3, 2.0)), 2.0), 0.4, factor=10.0)
    seen = only(LearningRateTooLow(), made)
    assert (seen.severity, seen.where.line) == ("warning", 80)
    assert seen.message == (
        "60 steps at 10 times the rate bring the loss to 0.4, where all 60 steps of the run "
        "reached 2: the rate 0.1 is too low"
    )
    assert seen.evidence["learning_rate"] == 0.1
    assert seen.evidence["steps_tried"] == 60
    assert seen.evidence["loss_then"] == {"SGD at 0.1": 2.0, "SGD at 1": 0.4}
    assert seen.harm > 0.8
    assert sightings(LearningRateTooHigh(), made) == []


def test_a_rate_that_is_no_better_is_not() -> None:
    made = add(add(run_with(1e-3, falling(2.3, 2.0)), 2.0), 1.8, factor=10.0)
    assert sightings(LearningRateTooLow(), made) == []


def test_a_rate_that_is_found_too_low_quotes_the_higher_one() -> None:
    made = add(add(run_with(1e-6), 2.0), 0.4, factor=10.0)
    seen = only(LearningRateTooLow(), made)
    assert seen.severity == "error"
    assert seen.message.endswith(
        "the rate 0.1 is too low (60 steps at 10 times the rate bring the loss to 0.4, not 2)"
    )
    assert seen.evidence["update_ratio"] == 1e-6


def test_tiny_steps_are_acquitted_by_higher_rates_that_learn_less() -> None:
    made = add(add(run_with(1e-6), 2.0), 2.2, factor=10.0)
    assert sightings(LearningRateTooLow(), made) == []
    assert (
        "at higher rates the loss falls less far" in undecided(LearningRateTooLow(), made)[0].reason
    )


def test_another_optimizer_that_learns_is_quoted() -> None:
    made = add(add(run_with(1e-6), 2.0), 1.9, factor=10.0)
    add(made, 0.3, optimizer="Adam", learning_rate=0.01)
    seen = only(LearningRateTooLow(), made)
    assert seen.message.endswith("(60 steps of Adam at 0.01 bring the loss to 0.3)")


def test_a_lower_rate_that_learns_is_enough_for_a_rate_too_high() -> None:
    made = add(add(run_with(1e-3, standing()), 2.3), 0.4, factor=0.1)
    seen = only(LearningRateTooHigh(), made)
    assert seen.severity == "warning"
    assert "60 steps at a 10th of the rate bring the loss to 0.4" in seen.message
    assert sightings(LearningRateTooLow(), made) == []


def test_large_steps_are_acquitted_only_where_the_rate_learns() -> None:
    jumping = [2.3 * (1 + 0.5 * (-1) ** i) for i in range(60)]
    learns = add(add(run_with(0.2, jumping), 0.5), 1.5, factor=0.1)
    assert sightings(LearningRateTooHigh(), learns) == []
    assert "at lower rates" in undecided(LearningRateTooHigh(), learns)[0].reason
    stuck = add(add(run_with(0.2, jumping), 2.3), 2.3, factor=0.1)
    assert only(LearningRateTooHigh(), stuck).severity == "error"


def test_further_steps_show_too_few_epochs() -> None:
    made = add(run_with(1e-3, standing(2.3, 30)), 2.0)
    add(made, 1.5, start="final", before=2.0, is_baseline=True)
    seen = only(TooFewEpochs(), made)
    assert seen.message == (
        "60 more steps of the same bring the loss to 1.5, from the 2 that 60 steps reached: "
        "training ended too early"
    )
    assert seen.evidence["later_loss"] == 1.5


def test_a_loss_that_was_still_falling_may_be_at_rest() -> None:
    line = [2.3 - 0.01 * i for i in range(60)]
    assert "still falling" in only(TooFewEpochs(), run_with(1e-3, line)).message
    made = add(run_with(1e-3, line), 2.0)
    add(made, 2.0, start="final", before=2.0, is_baseline=True)
    assert sightings(TooFewEpochs(), made) == []
    assert "further steps bring no more" in undecided(TooFewEpochs(), made)[0].reason


def _single_examples() -> Invention:
    made = run_with(0.01, standing(), agreement=0.0)
    made.call("cross_entropy", prediction_shape=(1, 2))
    assert "agree by 0.00" in only(NoisyBatches(), made).message
    add(made, 2.3)
    return add(made, 2.0, start="final", before=2.0, is_baseline=True)


def test_larger_batches_decide_whether_small_ones_are_too_noisy() -> None:
    made = add(_single_examples(), 1.0, start="final", before=2.0, batches=8)
    seen = only(NoisyBatches(), made)
    assert seen.message.endswith("(60 more steps on 8 batches at once bring the loss to 1, from 2)")
    made = add(_single_examples(), 2.0, start="final", before=2.0, batches=8)
    assert sightings(NoisyBatches(), made) == []
    assert "larger batches bring no more" in undecided(NoisyBatches(), made)[0].reason
