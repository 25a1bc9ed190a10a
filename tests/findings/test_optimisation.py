"""OPT101 to OPT106 on invented runs."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from tests.findings.invented import (
    Invention,
    climbing,
    falling,
    mlp,
    only,
    sightings,
    standing,
    swinging,
    undecided,
)

from trainwell.findings.accumulating_gradients import AccumulatingGradients
from trainwell.findings.frozen_parameter_in_optimizer import FrozenParameterInOptimizer
from trainwell.findings.learning_rate_too_high import LearningRateTooHigh
from trainwell.findings.learning_rate_too_low import LearningRateTooLow
from trainwell.findings.parameter_not_in_optimizer import ParameterNotInOptimizer
from trainwell.findings.parameters_never_updated import ParametersNeverUpdated


def moving(
    ratios: list[float] | float, losses: list[float] | None = None, **vitals: Any
) -> Invention:
    """Layers whose updates have this size beside their weights."""
    made = mlp(losses, depth=3)
    for number in range(3):
        made.measure(
            "parameter",
            number,
            update_ratio=ratios,
            **({"moved": 1e-3, "gradient_norm": 0.1, "gradient_rms": 0.01} | vitals),
        )
    return made


# OPT101 learning-rate-too-high


@pytest.mark.parametrize("losses", [swinging(), climbing()])
def test_large_steps_and_a_loss_that_swings_or_climbs(losses: list[float]) -> None:
    seen = only(LearningRateTooHigh(), moving(0.2, losses))
    assert (seen.where.line, seen.severity) == (80, "error")
    assert seen.evidence["update_ratio"] == 0.2
    assert seen.evidence["learning_rate"] == 0.1
    assert "the rate 0.1 is too high" in seen.message


def test_the_jumps_of_the_later_half_and_the_fall_are_evidence() -> None:
    seen = only(LearningRateTooHigh(), moving(0.2, [1.0, 1.0, 1.0, 1.0] + [3.0, 1.0] * 20))
    assert seen.evidence["jump"] == pytest.approx(2.0)
    assert seen.evidence["fallen"] == pytest.approx(1 - 2.0)


def test_large_steps_alone_are_no_fault() -> None:
    assert not sightings(LearningRateTooHigh(), moving(0.2, falling()))


@pytest.mark.parametrize("losses", [swinging(), climbing(), standing(), falling()])
def test_a_swinging_loss_alone_is_no_fault(losses: list[float]) -> None:
    assert not sightings(LearningRateTooHigh(), moving(1e-3, losses))


@pytest.mark.parametrize(("ratio", "found"), [(0.029, 0), (0.03, 1)])
def test_both_sides_of_the_update(ratio: float, found: int) -> None:
    assert len(sightings(LearningRateTooHigh(), moving(ratio, swinging()))) == found


@pytest.mark.parametrize(("early", "found"), [(0.09, 0), (0.1, 1)])
def test_both_sides_of_early(early: float, found: int) -> None:
    made = moving([early] * 5 + [1e-3] * 20, climbing())
    assert len(sightings(LearningRateTooHigh(), made)) == found


@pytest.mark.parametrize(("jump", "found"), [(0.24, 0), (0.26, 1)])
def test_both_sides_of_swing(jump: float, found: int) -> None:
    # From one side of 0.5 to the other every step: a jump of twice the deviation.
    losses = [1.0] * 16 + [0.5 + jump * (-1) ** i for i in range(144)]
    assert len(sightings(LearningRateTooHigh(), moving(0.2, losses))) == found


@pytest.mark.parametrize(("end", "found"), [(0.88, 0), (0.92, 1), (1.5, 1)])
def test_both_sides_of_the_fall_of_a_high_rate(end: float, found: int) -> None:
    losses = [1.0] * 10 + [1.6] + [end] * 89
    assert len(sightings(LearningRateTooHigh(), moving(0.2, losses))) == found


def test_a_loss_that_stands_still_shows_no_rate_that_is_too_high() -> None:
    # Nothing swings: whatever keeps it from falling, it is not the size of the steps.
    assert not sightings(LearningRateTooHigh(), moving(0.2, standing()))


def test_a_loss_around_zero_is_measured_by_its_spread() -> None:
    # A likelihood: it starts at 0.01 and ends at -1; shares of its start would mean nothing.
    losses = [0.01 - 0.01 * i for i in range(101)]
    assert not sightings(LearningRateTooHigh(), moving(0.2, losses))


def test_a_loss_that_left_the_numbers_counts_as_harmed() -> None:
    assert sightings(LearningRateTooHigh(), moving(0.2, [*climbing(), math.inf, math.nan]))


def test_too_few_looks_or_losses() -> None:
    assert not sightings(LearningRateTooHigh(), moving([0.2] * 3, swinging()))
    assert sightings(LearningRateTooHigh(looks=3), moving([0.2] * 3, swinging()))
    assert not sightings(LearningRateTooHigh(), moving(0.2, swinging(count=7)))
    assert not sightings(LearningRateTooHigh(), moving(math.nan, swinging()))
    assert not sightings(LearningRateTooHigh(), moving(0.2).loss([]))


@pytest.mark.parametrize("rate", [None, "a tensor", 1, True])
def test_a_rate_that_is_no_number_is_unknown(rate: object) -> None:
    made = moving(0.2, swinging())
    made.run.optimizers[0] = replace(made.run.optimizers[0], settings={"lr": rate})
    assert only(LearningRateTooHigh(), made).evidence["learning_rate"] == rate


def test_an_update_by_hand_is_seen_at_backward() -> None:
    made = moving(0.2, swinging())
    made.run.optimizers.clear()
    for number, parameter in made.run.parameters.items():
        made.run.parameters[number] = replace(parameter, optimizers=())
    assert only(LearningRateTooHigh(), made).where.line == 90


# OPT102 learning-rate-too-low


def test_tiny_steps_and_a_loss_that_stands() -> None:
    seen = only(LearningRateTooLow(), moving(1e-6))
    assert (seen.where.line, seen.severity) == (80, "error")
    assert seen.evidence["update_ratio"] == 1e-6
    assert seen.evidence["fall"] == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize(("ratio", "found"), [(1.01e-4, 0), (0.99e-4, 1)])
def test_both_sides_of_tiny_updates(ratio: float, found: int) -> None:
    assert len(sightings(LearningRateTooLow(), moving(ratio))) == found


def test_one_layer_that_moves_is_enough() -> None:
    made = moving(1e-6)
    made.measure("parameter", 1, update_ratio=1e-3)
    assert not sightings(LearningRateTooLow(), made)


@pytest.mark.parametrize(("end", "found"), [(0.88, 0), (0.92, 1)])
def test_both_sides_of_the_fall(end: float, found: int) -> None:
    made = moving(1e-6, [1.0] * 10 + [end] * 90)
    assert len(sightings(LearningRateTooLow(), made)) == found


@pytest.mark.parametrize(("steps", "found"), [(49, 0), (50, 1)])
def test_both_sides_of_the_steps(steps: int, found: int) -> None:
    made = moving(1e-6, standing(count=steps))
    assert len(sightings(LearningRateTooLow(), made)) == found


@pytest.mark.parametrize(("looks", "found"), [(0, 0), (3, 0), (4, 1)])
def test_both_sides_of_the_looks(looks: int, found: int) -> None:
    assert len(sightings(LearningRateTooLow(), moving([1e-6] * looks))) == found


def test_a_network_that_never_moved_has_another_fault() -> None:
    assert not sightings(LearningRateTooLow(), moving(0.0, moved=0.0))


def test_a_pretrained_network_whose_loss_is_low_from_the_start_is_no_fault() -> None:
    low = [0.004 * (1 + 0.02 * math.sin(i)) for i in range(60)]
    made = moving(1e-5, low, gradient_norm=1e-5, gradient_rms=1e-7, weight_rms=0.1)
    # Ten classes: a network that knows nothing has a loss of log 10 = 2.3.
    made.call("cross_entropy", prediction_shape=(32, 10), target_shape=(32,))
    assert not sightings(LearningRateTooLow(), made)


def test_a_rate_that_a_schedule_brings_to_zero_is_no_fault() -> None:
    assert not sightings(LearningRateTooLow(), moving([1e-3] * 10 + [1e-6] * 9, falling()))
    assert not sightings(LearningRateTooLow(), moving([1e-3] * 10 + [1e-6] * 9, standing()))


@pytest.mark.parametrize("losses", [[], [2.3]])
def test_a_loss_that_was_not_seen_is_not_said_to_stand(losses: list[float]) -> None:
    assert not sightings(LearningRateTooLow(), moving(1e-6).loss(losses))


# OPT103 accumulating-gradients


def stale(looks: int, chances: int, **fields: Any) -> Invention:
    made = mlp()
    optimizer = made.run.optimizers[0]
    made.run.optimizers[0] = replace(optimizer, stale_looks=looks, stale_chances=chances, **fields)
    return made


def test_gradients_that_are_never_zeroed() -> None:
    seen = only(AccumulatingGradients(), stale(10, 10))
    assert (seen.where.line, seen.severity, seen.step) == (90, "error", 0)
    assert seen.evidence == {"stale": 10, "judged": 10}


@pytest.mark.parametrize(("looks", "found"), [(0, 0), (7, 0), (8, 1), (10, 1)])
def test_both_sides_of_the_share(looks: int, found: int) -> None:
    assert len(sightings(AccumulatingGradients(), stale(looks, 10))) == found


def test_accumulation_and_gans_have_no_stale_steps() -> None:
    # The gradient is gone at one backward at least between two steps.
    assert not sightings(AccumulatingGradients(), stale(0, 20))
    assert not sightings(AccumulatingGradients(), stale(5, 20))


def test_both_sides_of_the_looks_of_accumulating() -> None:
    assert sightings(AccumulatingGradients(), stale(3, 3))
    few = stale(2, 2)
    assert not sightings(AccumulatingGradients(), few)
    assert "SGD" in undecided(AccumulatingGradients(), few)[0].reason
    assert not undecided(AccumulatingGradients(), stale(0, 0, steps=0))


def test_an_optimizer_without_objective_is_seen_where_it_was_made() -> None:
    made = stale(10, 10)
    for number, parameter in made.run.parameters.items():
        made.run.parameters[number] = replace(parameter, optimizers=())
    seen = only(AccumulatingGradients(), made)
    assert (seen.where.line, seen.harm) == (80, 0.5)


# OPT104 parameters-never-updated


def still(
    steps: int = 60, looks: int = 6, updates: int = 0, norm: float = 0.1, moved: float = 0.0
) -> Invention:
    made = moving(0.0, moved=moved, gradient_norm=norm)
    made.run.objectives[0] = replace(
        made.run.objectives[0], steps=steps, update_looks=looks, updates=updates
    )
    return made


def test_parameters_that_never_change() -> None:
    seen = only(ParametersNeverUpdated(), still())
    assert (seen.where.line, seen.severity) == (90, "error")
    assert seen.evidence == {"backward": 60, "looks": 6}
    assert seen.harm >= 0.9
    assert "SGD stepped 60 times (lr 0.1)" in seen.message


def test_why_nothing_changes() -> None:
    made = still()
    for number, parameter in made.run.parameters.items():
        made.run.parameters[number] = replace(parameter, optimizers=())
    assert "hold other tensors" in only(ParametersNeverUpdated(), made).message
    made.run.optimizers.clear()
    assert "no optimizer" in only(ParametersNeverUpdated(), made).message


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"steps": 9}, 0),
        ({"steps": 10}, 1),
        ({"looks": 2}, 0),
        ({"looks": 3}, 1),
        ({"updates": 1}, 0),
        ({"moved": 1e-9}, 0),
        ({"norm": 0.0}, 0),
        ({"norm": math.nan}, 0),
        ({"moved": math.nan}, 1),
    ],
)
def test_both_sides_of_steps_and_looks(fields: dict, found: int) -> None:
    assert len(sightings(ParametersNeverUpdated(), still(**fields))) == found


def test_too_few_updates_are_said() -> None:
    (remark,) = undecided(ParametersNeverUpdated(), still(looks=0))
    assert remark.reason


def test_gradients_for_their_own_sake_on_a_network_that_is_trained_elsewhere() -> None:
    made = still(moved=1e-3)
    trained = made.run.objectives[0]
    made.objective(parameters=trained.parameters, update_looks=6)
    assert not sightings(ParametersNeverUpdated(), made)


# OPT105 parameter-not-in-optimizer


def left_out(
    moved: list[float] | float = 0.0, norm: list[float] | float = 0.1, **fields: Any
) -> Invention:
    made = moving(1e-3)
    made.run.parameters[1] = replace(made.run.parameters[1], **({"optimizers": ()} | fields))
    made.measure("parameter", 1, moved=moved, gradient_norm=norm)
    return made


def test_a_weight_that_no_optimizer_holds() -> None:
    seen = only(ParameterNotInOptimizer(), left_out())
    assert (seen.where.layer, seen.where.line, seen.severity) == ("fc2", 80, "warning")
    assert seen.evidence == {"parameters": ["fc2.weight"], "trained": 2}
    assert "`fc2.weight`" in seen.message


def test_a_backbone_left_out_is_never_more_than_a_warning() -> None:
    made = left_out()
    made.loss(falling())
    assert only(ParameterNotInOptimizer(), made).severity == "warning"


@pytest.mark.parametrize(
    "made",
    [
        left_out(optimizers=(0,)),
        left_out(moved=1e-3),  # updated by hand
        left_out(norm=0.0),
        left_out(norm=math.nan),
        left_out(moved=[0.0, 0.0]),
        left_out(moved=[]),
        left_out(is_parameter=False),
        moving(1e-3),
        mlp(),
    ],
)
def test_weights_that_are_trained_or_were_not_seen_long_enough(made: Invention) -> None:
    assert not sightings(ParameterNotInOptimizer(), made)


def test_three_looks_are_enough() -> None:
    assert sightings(ParameterNotInOptimizer(), left_out(moved=[0.0] * 3))
    assert sightings(ParameterNotInOptimizer(looks=2), left_out(moved=[0.0] * 2))


def test_a_run_in_which_nothing_is_trained_has_another_fault() -> None:
    made = moving(0.0, moved=0.0)
    for number, parameter in made.run.parameters.items():
        made.run.parameters[number] = replace(parameter, optimizers=())
    assert not sightings(ParameterNotInOptimizer(), made)


def test_a_weight_of_two_objectives_is_told_once() -> None:
    made = left_out()
    made.objective(parameters=made.run.objectives[0].parameters)
    only(ParameterNotInOptimizer(), made)


# OPT106 frozen-parameter-in-optimizer


def holding(tensors: int = 4, trainable: int = 4, looks: int = 6, empty: int = 0) -> Invention:
    made = Invention()
    made.optimizer(
        parameter_count=tensors, trainable_count=trainable, looks=looks, empty_looks=empty
    )
    return made


def test_an_optimizer_of_frozen_tensors() -> None:
    seen = only(FrozenParameterInOptimizer(), holding(trainable=0, empty=6))
    assert (seen.where.line, seen.severity) == (80, "error")
    assert seen.evidence == {"tensors": 4, "frozen": 4}
    assert "requires_grad=False" in seen.message


def test_an_optimizer_of_another_network() -> None:
    seen = only(FrozenParameterInOptimizer(), holding(empty=6))
    assert (seen.severity, seen.evidence["frozen"]) == ("error", 0)
    assert "no backward() reaches them" in seen.message


def test_a_frozen_backbone_is_a_remark_only() -> None:
    seen = only(FrozenParameterInOptimizer(), holding(trainable=1))
    assert (seen.severity, seen.harm, seen.evidence["frozen"]) == ("info", 0.0, 3)


@pytest.mark.parametrize(
    ("made", "found"),
    [
        (holding(), 0),
        (holding(empty=5), 0),
        (holding(looks=2, empty=2), 0),
        (holding(looks=3, empty=3), 1),
        (holding(looks=0), 0),
        (holding(0, 0, looks=0), 0),
    ],
)
def test_both_sides_of_the_looks_of_frozen(made: Invention, found: int) -> None:
    assert len(sightings(FrozenParameterInOptimizer(), made)) == found
