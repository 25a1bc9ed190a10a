"""OPT109 to OPT111, GRD104 to GRD107 on invented runs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.findings.invented import FILE, Invention, falling, mlp, only, sightings, standing

from trainwell.findings.clipped_while_scaled import ClippedWhileScaled
from trainwell.findings.inverted_plateau import InvertedPlateau
from trainwell.findings.late_clipping import LateClipping
from trainwell.findings.learning_rate_too_low import LearningRateTooLow
from trainwell.findings.mistimed_schedule import MistimedSchedule
from trainwell.findings.overclipped_gradients import OverclippedGradients
from trainwell.findings.parameters_never_updated import ParametersNeverUpdated
from trainwell.findings.replaced_parameters import ReplacedParameters
from trainwell.findings.zeroed_gradients import ZeroedGradients
from trainwell.record import Clipping, Place, Scheduler, Series
from trainwell.record.rates import rate_line

STEPS = 600


def scheduled(
    rates: list[float], losses: list[float] | None = None, name: str = "StepLR", **fields: object
) -> Invention:
    """A run of 600 steps with as many rates, each for an equal share of them."""
    made = mlp(losses or standing(count=STEPS), depth=3)
    run = made.run
    run.steps = STEPS
    run.optimizers[0] = replace(
        run.optimizers[0],
        steps=STEPS,
        rate_changes=len(rates) - 1,
        step_place=Place(None, FILE, 95, "optimizer.step()"),
    )
    gap = STEPS // len(rates)
    run.vitals["optimizer", 0, "rate"] = Series([gap * i for i in range(len(rates))], rates)
    given = {
        "place": Place(None, FILE, 81, "scheduler = ..."),
        "step_place": Place(None, FILE, 96, "scheduler.step()"),
        "optimizer": 0,
        "steps": STEPS,
        "updates": STEPS,
        "base": rates[0],
        "settings": {"step_size": 8},
    } | fields
    run.schedulers[0] = Scheduler(0, name, **given)  # type: ignore[arg-type]
    return made


FADED = [0.1] + [1e-6] * 59


def test_a_rate_that_fades_at_once_is_named_at_the_line_that_steps() -> None:
    seen = only(MistimedSchedule(), scheduled(FADED))
    assert (seen.where.line, seen.severity) == (96, "error")
    assert "stepped 600 times in 600 steps" in seen.message
    assert seen.evidence["share_under_1_percent"] == pytest.approx(59 / 60)


def test_a_decay_that_is_stepped_rarely_is_named_where_it_is_built() -> None:
    assert only(MistimedSchedule(), scheduled(FADED, steps=40)).where.line == 81


def test_changes_that_no_scheduler_makes_are_made_by_hand() -> None:
    seen = only(MistimedSchedule(), scheduled(FADED, steps=6))
    assert seen.where.line == 95
    assert "by hand" in seen.message


def test_without_a_scheduler_the_line_that_sets_the_rate_is_named() -> None:
    made = scheduled(FADED)
    made.run.schedulers.clear()
    assert only(MistimedSchedule(), made).where.line == 95
    place = Place(None, FILE, 97, 'group["lr"] = ...')
    made.run.optimizers[0] = replace(made.run.optimizers[0], rate_place=place)
    assert only(MistimedSchedule(), made).where.line == 97


@pytest.mark.parametrize(("share", "found"), [(2, 1), (4, 0)])
def test_both_sides_of_the_budget(share: int, found: int) -> None:
    rates = [0.1] * share + [1.5e-3] * (60 - share)
    assert len(sightings(MistimedSchedule(), scheduled(rates))) == found


@pytest.mark.parametrize(("share", "found"), [(17, 1), (19, 0)])
def test_most_steps_at_next_to_nothing_are_enough(share: int, found: int) -> None:
    rates = [0.1] * share + [1e-4] * (60 - share)
    made = scheduled(rates, [2.3 - i / STEPS for i in range(STEPS)])
    assert len(sightings(MistimedSchedule(), made)) == found


@pytest.mark.parametrize(("end", "found"), [(0.15, 0), (0.3, 1)])
def test_a_network_that_has_learned_lost_nothing(end: float, found: int) -> None:
    losses = falling(2.3, end, STEPS)
    assert len(sightings(MistimedSchedule(), scheduled(FADED, losses))) == found


def test_a_rate_that_fades_when_the_loss_is_at_rest_is_no_fault() -> None:
    # At rest from step 20 on; the rate fades at step 60.
    losses = falling(2.3, 1.0, 20) + standing(1.0, STEPS - 20)
    rates = [0.1] * 2 + [1e-6] * 58
    made = scheduled(rates, losses)
    made.run.vitals["optimizer", 0, "rate"] = Series([0, 200], [0.1, 1e-9])
    assert not sightings(MistimedSchedule(budget=0.5), made)
    falls = scheduled(rates, falling(2.3, 0.5, STEPS))
    falls.run.vitals["optimizer", 0, "rate"] = Series([0, 200], [0.1, 1e-9])
    assert sightings(MistimedSchedule(budget=0.5), falls)


RISING = [0.002 * (i + 1) for i in range(50)]


@pytest.mark.parametrize(("base", "found"), [(1.0, 1), (0.11, 0)])
def test_a_warm_up_that_is_longer_than_the_run(base: float, found: int) -> None:
    made = scheduled(RISING, falling(2.3, 1.0, STEPS), name="LinearLR", base=base)
    assert len(sightings(MistimedSchedule(), made)) == found


def test_the_base_of_a_function_is_no_rate() -> None:
    made = scheduled([0.001 / (i + 1) ** 0.5 for i in range(50)], name="LambdaLR", base=1.0)
    line = rate_line(made.run, made.run.optimizers[0])
    assert line is not None
    assert line.reference == 0.001
    assert not sightings(MistimedSchedule(), made)
    assert sightings(MistimedSchedule(), scheduled(RISING, name="LambdaLR", base=1.0))


def test_a_rate_that_grows_by_a_constant_factor_is_a_search() -> None:
    made = scheduled([1e-7 * 1.4**i for i in range(50)], name="LambdaLR", base=1.0)
    assert not sightings(MistimedSchedule(), made)


def test_a_steady_rate_is_no_schedule() -> None:
    assert not sightings(MistimedSchedule(), scheduled([0.1]))


@pytest.mark.parametrize(("passes", "found"), [(10, 1), (60, 0)])
def test_a_cosine_that_counts_epochs_and_is_given_batches(passes: int, found: int) -> None:
    from trainwell.record import Loader

    made = scheduled(
        [0.1, 0.0] * 30, falling(2.3, 0.4, STEPS), name="CosineAnnealingLR", settings={"T_max": 10}
    )
    made.run.loaders[0] = Loader(0, passes=passes)
    assert len(sightings(MistimedSchedule(), made)) == found


def plateau(mode: str, metrics: list[float], **fields: object) -> Invention:
    given: dict[str, object] = {"settings": {"mode": mode}, "reductions": 3, "steps": len(metrics)}
    made = scheduled(
        [0.1, 0.01, 0.001], falling(2.3, 1.0, STEPS), "ReduceLROnPlateau", **(given | fields)
    )
    made.measure("scheduler", 0, metric=metrics)
    return made


UP = [0.3, 0.5, 0.6, 0.65, 0.66, 0.66]
DOWN = [1.2, 0.9, 0.8, 0.7, 0.69, 0.69]


@pytest.mark.parametrize(
    ("mode", "metrics", "found"),
    [("min", UP, 1), ("max", DOWN, 1), ("min", DOWN, 0), ("max", UP, 0), ("min", DOWN[::-1], 0)],
)
def test_a_plateau_looked_for_the_wrong_way(mode: str, metrics: list[float], found: int) -> None:
    assert len(sightings(InvertedPlateau(), plateau(mode, metrics))) == found


def test_an_evaluation_loss_that_rises_is_a_loss_all_the_same() -> None:
    made = plateau("min", UP)
    made.curve(UP, [None] * len(UP))
    assert not sightings(InvertedPlateau(), made)
    assert sightings(InvertedPlateau(), plateau("max", UP).curve(UP, [None] * len(UP)))


def test_a_rate_that_was_never_lowered_has_lost_nothing() -> None:
    assert not sightings(InvertedPlateau(), plateau("min", UP, reductions=0))


def clipped(kept: float, scale: float = 1.0, **fields: object) -> Invention:
    made = mlp(depth=3)
    made.measure("optimizer", 0, gradient_kept=kept)
    if scale != 1:
        made.measure("optimizer", 0, gradient_scale=scale)
    for number in range(3):
        made.measure("parameter", number, update_ratio=1e-6, moved=1e-6, gradient_norm=0.1)
    if fields.get("function", "clip_grad_norm_"):
        given = {
            "function": "clip_grad_norm_",
            "place": Place(None, FILE, 93, "clip_grad_norm_(...)"),
            "limit": 1.0,
            "calls": 60,
            "looks": 6,
        } | fields
        made.run.clippings[0] = Clipping(0, **given)  # type: ignore[arg-type]
        made.measure("clipping", 0, norm=2.0 * scale)
    return made


def test_clipping_of_scaled_gradients() -> None:
    made = clipped(1e-5, 65536.0, scaled=6)
    seen = only(ClippedWhileScaled(), made)
    assert (seen.where.line, seen.severity) == (93, "error")
    assert "a norm of 1.31e+05 instead of 2" in seen.message
    assert not sightings(OverclippedGradients(), made)
    assert not sightings(LearningRateTooLow(), made)


@pytest.mark.parametrize("fields", [{"scaled": 0}, {"scaled": 3}])
def test_gradients_that_were_unscaled_before(fields: dict[str, object]) -> None:
    assert not sightings(ClippedWhileScaled(), clipped(0.3, 65536.0, **fields))


def test_a_limit_that_is_never_reached_cuts_nothing() -> None:
    assert not sightings(ClippedWhileScaled(), clipped(1.0, 65536.0, scaled=6))


def test_clipping_by_hand_is_told_by_what_it_leaves() -> None:
    made = clipped(1e-5, 65536.0, function="")
    assert only(ClippedWhileScaled(), made).where == made.run.optimizers[0].place


@pytest.mark.parametrize(("kept", "found"), [(0.05, 1), (0.06, 0), (0.0, 0), (1.0, 0)])
def test_both_sides_of_what_clipping_leaves(kept: float, found: int) -> None:
    assert len(sightings(OverclippedGradients(), clipped(kept))) == found


def test_a_network_that_learns_is_not_clipped_too_far() -> None:
    made = clipped(0.01).loss(falling())
    assert not sightings(OverclippedGradients(), made)
    fast = clipped(0.01)
    for number in range(3):
        fast.measure("parameter", number, update_ratio=2e-3)
    assert not sightings(OverclippedGradients(), fast)


def test_zeroed_gradients_are_the_cause_of_weights_that_stand_still() -> None:
    made = clipped(0.0, function="")
    for number in range(3):
        made.measure("parameter", number, moved=0.0)
    place = Place(None, FILE, 92, "optimizer.zero_grad()")
    made.run.optimizers[0] = replace(made.run.optimizers[0], discard_place=place)
    assert only(ZeroedGradients(), made).where == place
    assert not sightings(ParametersNeverUpdated(), made)
    assert not sightings(ZeroedGradients(), clipped(0.01))


@pytest.mark.parametrize(("late", "found"), [(5, 1), (4, 0)])
def test_both_sides_of_late_clipping(late: int, found: int) -> None:
    assert len(sightings(LateClipping(), clipped(1.0, late=late))) == found


def swapped(**layer: object) -> Invention:
    """The last layer gets gradients, never moves, and belongs to no optimizer."""
    made = mlp(depth=3)
    run = made.run
    for number in range(3):
        moved = 0.0 if number == 2 else 1e-3
        made.measure("parameter", number, moved=moved, gradient_norm=0.1)
    last = replace(run.parameters[2], optimizers=(), place=Place("fc3", FILE, 88, "fc3 = ..."))
    run.parameters[2] = replace(last, **layer)  # type: ignore[arg-type]
    names = ("tensor 4 (8x8)", "tensor 5 (8)")
    run.optimizers[0] = replace(run.optimizers[0], never_graded=names, made=5)
    return made


def test_a_layer_that_was_built_after_the_optimizer() -> None:
    first, second = sightings(ReplacedParameters(), swapped(made=7))
    assert (first.where.line, second.where.line) == (80, 88)
    assert "`fc3` was built at line 88, after the optimizer" in first.message


def test_a_weight_of_the_same_shape() -> None:
    assert only(ReplacedParameters(), swapped(made=3)).where.line == 80
    assert not sightings(ReplacedParameters(), swapped(made=3, shape=(4, 8)))


def test_an_optimizer_whose_tensors_learn_holds_the_right_ones() -> None:
    made = swapped(made=7)
    made.run.optimizers[0] = replace(made.run.optimizers[0], never_graded=())
    assert not sightings(ReplacedParameters(), made)
