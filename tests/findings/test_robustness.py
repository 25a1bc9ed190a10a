"""No finding raises or invents, whatever a record lacks: empty, cut off, or not numbers."""

from __future__ import annotations

import copy
import math
import random
from dataclasses import replace

import pytest
from tests.findings.invented import Invention, falling, mlp, sightings, standing, swinging

from trainwell.findings.catalogue import FINDINGS
from trainwell.findings.finding import Finding
from trainwell.record import (
    FACT_KINDS,
    Attention,
    Checkpoint,
    Clipping,
    Dependence,
    Detail,
    Examples,
    Loader,
    Machine,
    Made,
    Network,
    Noise,
    Ordering,
    PaddingRead,
    Place,
    Rank,
    Recogniser,
    Run,
    Scheduler,
    Series,
    Severed,
    Sighting,
    Twin,
)

PLACE = Place(None, "train.py", 20)

EVERY = pytest.mark.parametrize("finding", FINDINGS.values(), ids=lambda f: f.slug)


def everything_wrong() -> Run:
    """A run in which most faults are seen at once."""
    made = mlp(swinging(), "relu", 6, start={"std": 5.0, "distinct_rows": 0.1, "kurtosis": 3.0})
    run = made.run
    for position, number in enumerate(range(0, 11, 2)):
        made.measure("operation", number, input_rms=5.0**position, input_spread=0.5)
        made.measure(
            "parameter",
            position,
            gradient_norm=[1e-2, 1e-2, 9e5, 1e-2, 1e-2, 1e-2],
            gradient_rms=10.0 ** (position - 6),
            weight_rms=0.3,
            update_ratio=0.3,
            moved=1e-3,
            distinct_rows=0.1,
        )
    for number in (1, 3, 5, 7, 9):
        made.measure("operation", number, silent_share=1.0, rms=1.0, spread=0.5)
    made.features(0, [(0.0, 1.0), (0.0, 9000.0)], non_finite=3, non_finite_step=2)
    # A second network with sigmoids, a norm that collapses, and every wrong loss.
    made.objective(swinging())
    branch = {"objective": 1}
    first = made.layer(objective=1, layer="g1", optimizers=())
    squashed = made.operation("sigmoid", first, **branch)
    made.measure("operation", squashed, saturated_share=1.0, spread=0.5)
    flat = made.operation("layer_norm", squashed, **branch)
    made.measure("operation", flat, spread=1e-6)
    second = made.layer(flat, objective=1, layer="g2")
    third = made.layer(second, objective=1, layer="g3", operation={"shape": (32, 1)})
    for number in (second, third):
        made.measure("parameter", made.weight_of(number), gradient_norm=0.1, moved=1e-3)
    made.measure("parameter", made.weight_of(first), gradient_norm=0.1, moved=0.0)
    made.measure("operation", third, input_rms=1.0)
    for output, loss in (
        ("softmax", "log_softmax"),
        ("sigmoid", "log_softmax"),
        ("sigmoid", "binary_cross_entropy_with_logits"),
    ):
        out = made.operation(output, third, details={"size": 10}, **branch)
        made.operation(loss, out, details={"size": 10}, **branch)
    made.operation("softmax", third, details={"size": 1}, **branch)
    off = made.operation("subtract", third, shape=(32, 32), **branch)
    square = made.operation("power", off, shape=(32, 32), **branch)
    made.measure("operation", square, operand_rms=4e4)
    made.operation("mean", square, shape=(), **branch)
    bounded = made.operation("tanh", third, **branch)
    numbers = {"low": -9e3, "high": 9e3, "mean": 0.0, "std": 1.0, "rms": 9e3, "finite": 0.5}
    first_look = {"target_rms": 9e3, "target_mean": 0.0, "target_std": 1.0, "prediction_rms": 0.1}
    made.call(
        "mse_loss",
        objective=1,
        prediction_shape=(32, 1),
        target_shape=(32,),
        prediction=numbers,
        target=numbers,
        first=first_look,
        target_integral=True,
        target_values=(0.0, 1.0, 2.0),
        prediction_operation=bounded,
    )
    made.call("nll_loss", objective=1, log_sum_error=9.0, prediction=numbers)
    made.call("cross_entropy", objective=None, row_sum_error=0.0, prediction_shape=(32, 10))
    made.network(
        "other",
        dropout={"drop": 0.5},
        batch_norm=["bn"],
        training_forwards={"eval": 60},
        evaluation_forwards={"train": 60},
    )
    run.optimizers[0] = replace(
        run.optimizers[0], stale_looks=9, stale_chances=9, never_graded=("unused.weight",), looks=9
    )
    made.call(
        "cross_entropy",
        objective=1,
        looks=20,
        target_shape=(32,),
        target_integral=True,
        target_values=(0.0, 1.0, 2.0),
        target_spread=1.0,
    )
    made.optimizer("Adam", trainable_count=0, empty_looks=6)
    lone = made.layer(layer="still", objective=made.objective(update_looks=6))
    made.measure("parameter", made.weight_of(lone), gradient_norm=0.1, moved=0.0)
    lost = {"step": 5, "value": "nan", "operation": 0, "reason": "a logarithm of 0"}
    run.objectives[1] = replace(run.objectives[1], non_finite=lost)
    gradient = {"step": 4, "parameters": ["g1.weight"]}
    run.objectives[2] = replace(run.objectives[2], non_finite_gradient=gradient)
    for message in (
        "CUDA out of memory. Tried to allocate 2.00 GiB",
        "mat1 and mat2 shapes cannot be multiplied (3x128 and 64x10)",
        "mat1 and mat2 must have the same dtype, but got Double and Float",
        "Expected all tensors to be on the same device, but found at least two devices",
        "index out of range in self",
        "Trying to backward through the graph a second time",
    ):
        made.failure(message)
    clipped = made.operation("relu", 0, layer="last")
    made.call("cross_entropy", prediction=numbers | {"low": 0.0}, prediction_operation=clipped)
    run.noise[0] = Noise(0, "dropout", place=PLACE, probability=0.5, calls=9, evaluating=9)
    run.made[0] = Made(0, "Linear", place=PLACE, looks=9, chances=9)
    run.severed[0] = Severed(0, 7, place=PLACE, looks=2, steps=2)
    run.dependences[0] = Dependence(0, 0, 0, "rows", looks=3, found=3, rows=32, touched=2)
    run.dependences[1] = Dependence(1, 0, 0, "time", looks=3, found=3, rows=9, touched=2, shift=1)
    run.paddings[0] = PaddingRead(
        *(0, 1, 0, PLACE), looks=4, rows=0.9, positions=0.6, gradient=0.99, last=True
    )
    told = {"looks": 4, "size": 12, "shape": (32, 12, 12), "summed": 12}
    run.attentions[0] = Attention(0, 1, 0, PLACE, axis="queries", **told)
    run.attentions[1] = Attention(
        *(1, 1, 1, PLACE), axis="keys", **told, depth=64, scaled=False, top=0.9, keys=12.0, spread=9
    )
    run.attentions[2] = Attention(
        *(2, 1, 2, PLACE), axis="keys", **told, masked=0.4, masked_share=0.5
    )
    run.orderings[0] = Ordering(
        0, 1, 0, PLACE, looks=4, length=9, pairs=99, contradicted=0.5, judged=50, told=0.5
    )
    run.twins[0] = Twin(0, 1, 0, 1, PLACE, (20, 16))
    loader = Loader(0, dataset="Pictures", workers=2, batches=60, waited=90.0, busy=0.0)
    place = Place(None, "train.py", 20)
    run.loaders[0] = replace(loader, stream="rng", stream_place=place)
    made.measure("objective", 0, kept_graphs=[float(n) for n in range(20)])
    made.curve([1.0, 0.5, 0.6, 0.8, 1.0, 1.2], [1.0, 0.5, 0.4, 0.3, 0.2, 0.1])
    made.curve([1.0, 0.5, 0.6, 2.8, 2.0, 2.2], [1.0, 0.5, 0.6, 0.8, 2.0, 2.1], "other")
    wrong_data(made)
    wrong_examples(made)
    wrong_scales(made)
    wrong_steps(made)
    wrong_machines(run)
    run.recognisers[0] = Recogniser(
        0,
        "vectors",
        labels=3,
        examples=9,
        alike=0.999,
        first="bolt",
        second="screw",
        margin=0.9,
        stray="a.png",
        stray_label="bolt",
        stray_other="nut",
        queries=200,
        off_ground=190,
    )
    # A second rank that reads the same rows and has other weights.
    steps = [0, 1, 2, 4]
    run.ranks[0] = Rank(0, world=2, group="g", columns=8)
    marks = [float(mark) for mark in range(32)]
    run.vitals["rank", 0, "row"] = Series([steps[at // 8] for at in range(32)], marks)
    run.vitals["rank", 0, "weight_norm"] = Series(steps, [1.0] * 4)
    run.vitals["parameter", 0, "sketch"] = Series(steps, [0.1, 0.2, 0.3, 0.4])
    run.siblings = [copy.deepcopy(run)]
    run.siblings[0].ranks[0] = replace(run.ranks[0], rank=1)
    run.siblings[0].vitals["parameter", 0, "sketch"] = Series(steps, [0.9, 0.8, 0.7, 0.6])
    losses = run.siblings[0].vitals["objective", 0, "loss"]
    losses.values[:] = [value + 1e-6 for value in losses.values]
    return run


def wrong_machines(run: Run) -> None:
    """Boltzmann machines: one that was refused its data, one that went wrong in every way."""
    place = Place(None, "train.py", 30)
    fields = {"place": place, "algorithm": "pcd", "visible": "bernoulli", "hidden": 10}
    run.machines[0] = Machine(0, "RBM", low=0.0, high=16.0, outside=0.5, **fields)
    run.machines[1] = Machine(1, "RBM", updates=120, learning_rate=9.0, **fields)
    looks = {
        "chain_distance": [50.0] * 12,
        "log_likelihood": [-5.0] + [-9.0] * 11,
        "bracket": [0.1] * 12,
        "pseudo_likelihood": [-5.0] + [-1.0] * 11,
        "dead_hidden": [0.9] * 12,
        "largest_weight": [2.0**look for look in range(12)],
    }
    for quantity, values in looks.items():
        steps = [10 * (look + 1) for look in range(12)]
        run.vitals["machine", 1, quantity] = Series(steps, values)


def wrong_data(made: Invention) -> None:
    """What is wrong with rows, columns and labels."""
    spans = {"rows": 900, "bulk": (0.9, 0.001, 0.0), "core": (0.5, 0.001, 0.0)}
    ranges = {"low": (0.0, 0.0, 9.0), "high": (1.0, 1.0, 9.0)}
    made.features(0, [(0.5, 0.3), (0.0, 0.1), (9.0, 0.0)], **spans, **ranges)
    number = made.inputs("training", rows=900)
    made.measure("inputs", number, repeats=1.0)
    number = made.inputs("evaluation", rows=900, values={"rms": 99.0, "mean": 99.0, "std": 0.1})
    made.run.inputs_seen[number].values.update(low=0.0, high=99.0)
    made.measure("inputs", number, repeats=0.4)
    counts = {"0": [990, 500, 500, 500], "1": [10, 5, 0, 0]}
    name = "binary_cross_entropy"
    made.call(name, objective=3, classes=counts, prediction_shape=(1,))


def wrong_examples(made: Invention) -> None:
    """Examples whose labels, columns, words and rows do not fit."""
    run = made.run
    sides: dict[str, dict[str, Detail]] = {
        "training": {"rows": 500, "draws": 900, "looks": 20, "repeats": 0.9, "agreement": 0.9},
        "evaluation": {"rows": 300, "draws": 300, "own_agreement": 0.9, "agreement": 0.1},
    }
    run.examples_seen[0] = Examples(
        0,
        5,
        labels="classes",
        order=([1, 2], [2, 1]),
        spikes=({"column": 3, "value": -999.0, "share": 0.2, "side": "training"},),
        unseen={"7": 0.3},
        training=sides["training"],
        evaluation=sides["evaluation"],
    )
    chance: dict[str, Detail] = {"rows": 500, "agreement_sigmas": 0.1, "linear_sigmas": -0.3}
    right: dict[str, Detail] = {"rows": 300, "accuracy": 0.3, "classes": {"0": 0.4, "1": 0.3}}
    run.examples_seen[1] = Examples(1, 1, labels="classes", training=chance, evaluation=right)
    place = Place(None, "train.py", 21)
    run.loaders[1] = Loader(
        1, place, length=1000, draws=9000, drawn=2, read=90, trained=90, iterators=9, weights=2
    )
    network = run.networks[0]
    run.networks[0] = replace(
        network,
        embeddings={"embedding": [9, 0]},
        norms={"norm": {"shift": 90.0, "ratio": 1e-3, "looks": 3.0}},
    )
    run.objectives[0] = replace(run.objectives[0], networks=(0,))
    made.call(
        "cross_entropy",
        objective=0,
        looks=9,
        prediction_shape=(64, 9),
        target_mode=0.0,
        target_mode_share=0.8,
    )
    run.optimizers[0] = replace(run.optimizers[0], settings={"lr": 0.1, "weight_decay": 9.0})
    for number in run.parameters:
        made.measure("parameter", number, weight_rms=[1.0, 0.5, 0.2, 0.1, 0.01])


def wrong_steps(made: Invention) -> None:
    """Schedules, clipping, checkpoints, and weights that were replaced or repeated."""
    run = made.run
    line = Place(None, "train.py", 44, "...")
    for kept in (1e-5, 0.01, 0.0):
        optimizer = made.optimizer(steps=300, rate_changes=2, step_place=line)
        losses = standing(2.0, 300) if kept else falling(2.3, 1.0, 300)
        made.objective(losses, networks=(0,))
        made.layer(objective=len(run.objectives) - 1, optimizers=(optimizer,))
        number = len(run.parameters) - 1
        made.measure("parameter", number, moved=1e-6, update_ratio=1e-6, gradient_norm=0.1)
        made.measure("optimizer", optimizer, gradient_kept=kept, rate=[0.1] + [1e-9] * 5)
        if kept == 1e-5:
            made.measure("optimizer", optimizer, gradient_scale=65536.0)
    run.steps = 300
    made.measure("scheduler", 0, metric=[0.9, 0.5, 0.4, 0.3])
    settings: dict[str, Detail] = {"mode": "max"}
    run.schedulers[0] = Scheduler(
        0, "ReduceLROnPlateau", line, line, optimizer, 300, 300, settings=settings, reductions=3
    )
    run.clippings[0] = Clipping(0, "clip_grad_norm_", line, 1.0, 60, 6, late=6)
    run.clippings[1] = Clipping(1, "clip_grad_norm_", line, 1.0, 60, 6, scaled=6)
    run.checkpoints[0] = Checkpoint(0, "load", line, "Net", given=4, tensors=4)
    run.checkpoints[1] = Checkpoint(
        1, "load", line, "Net", given=4, tensors=4, matched=4, weights=2, overwritten=2
    )
    run.checkpoints[2] = Checkpoint(
        2, "load", line, "Net", given=4, tensors=4, matched=4, aliased=4, age=9
    )
    repeated: dict[str, Detail] = {"path": "layers", "kind": "Linear", "count": 4}
    repeated |= {"parameters": 72, "file": "train.py", "line": 7, "code": "..."}
    run.networks[0] = replace(
        run.networks[0], repeated=(repeated,), frozen_weights=3, frozen_fresh=("a.w", "b.w", "c.w")
    )
    dead = made.optimizer(never_graded=("tensor 0 (9x9)",), empty_looks=6, made=1)
    made.objective(standing(2.0, 300), place=replace(line, line=dead))
    made.layer(objective=len(run.objectives) - 1, optimizers=(), made=2)
    made.measure("parameter", len(run.parameters) - 1, moved=0.0, gradient_norm=0.1)


def wrong_scales(made: Invention) -> None:
    """Dropout, normalisation, sigmoids, sums and first losses."""
    drop = made.operation("dropout", 0, shape=(32, 8))
    made.measure("operation", drop, dropped_share=0.9)
    norm = made.operation("batch_norm", 0, details={"training": True})
    made.measure("operation", norm, norm_values=2.0)
    objective = made.objective(standing(2.0, 300))
    layer = made.layer(objective=objective, layer="h1")
    squashed = made.operation("sigmoid", layer, objective=objective)
    made.measure("operation", squashed, mean=0.5, spread=0.001)
    last = made.layer(squashed, objective=objective, layer="h2")
    made.measure("operation", last, input_rms=1.0)
    for number in (layer, last):
        made.measure(
            "parameter", made.weight_of(number), update_ratio=0.2, moved=1e-3, gradient_rms=0.1
        )
    made.measure("objective", objective, gradient_agreement=[0.01] * 12)
    made.loss(standing(2.0, 300), objective)
    shape = {"prediction_shape": (1, 9), "prediction_operation": last, "objective": objective}
    first = {"loss": 40.0, "prediction_std": 20.0}
    made.call("cross_entropy", **shape, first=first)
    made.call("cross_entropy", **(shape | {"prediction_shape": (64, 9)}), reduction="sum")


WRONG = everything_wrong()


def test_nearly_every_finding_sees_something_in_the_worst_run() -> None:
    seen = {f.slug for f in FINDINGS.values() if sightings(f, WRONG)}
    silent = {f.slug for f in FINDINGS.values()} - seen
    # A loss cannot stand, swing and creep at once, an evaluation be absent, worse and better.
    progress = {"too-few-epochs", "underfitting", "oscillating-loss", "overconfidence"}
    progress |= {"excessive-dropout", "excessive-weight-decay"}
    # These need a network of their own kind.
    progress |= {"posterior-collapse", "collapsed-embeddings"}
    # A loss of another sign, and gradients of 0 that no layer explains.
    progress |= {"maximised-loss", "zero-gradients"}
    # Weights were loaded: what is sharp may have been learned.
    progress |= {"spiked-attention"}
    assert silent <= {"learning-rate-too-low", "no-validation", *progress}


@EVERY
def test_an_empty_run_has_no_fault(finding: Finding) -> None:
    found = list(finding.detect(Run("empty", "train.py")))
    assert not [s for s in found if isinstance(s, Sighting)]


@EVERY
def test_a_run_that_was_begun_and_no_more_has_no_fault(finding: Finding) -> None:
    made = Invention()
    made.run.networks[0] = Network(0, "Net")
    made.objective(steps=0)
    made.loss([])
    made.layer()
    made.operation("relu", 0)
    made.call("cross_entropy", looks=0)
    made.features(0, [], rows=0)
    made.optimizer(steps=0, looks=0)
    assert not sightings(finding, made)


@EVERY
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_vitals_that_are_no_numbers_never_raise(finding: Finding, value: float) -> None:
    run = copy.deepcopy(WRONG)
    for series in run.vitals.values():
        series.values[:] = [value] * len(series)
    sightings(finding, run)


@EVERY
@pytest.mark.parametrize("value", [0.0, -1.0, 1e-300, 1e150])
def test_vitals_of_any_size_never_raise(finding: Finding, value: float) -> None:
    run = copy.deepcopy(WRONG)
    for (_, _, quantity), series in run.vitals.items():
        share = quantity.endswith("share")
        series.values[:] = [min(abs(value), 1.0) if share else value] * len(series)
    sightings(finding, run)


@EVERY
def test_no_looks_never_raise(finding: Finding) -> None:
    run = copy.deepcopy(WRONG)
    run.vitals.clear()
    sightings(finding, run)


@EVERY
def test_one_look_never_raises(finding: Finding) -> None:
    run = copy.deepcopy(WRONG)
    run.vitals = {k: Series(s.steps[:1], s.values[:1]) for k, s in run.vitals.items()}
    sightings(finding, run)


@EVERY
@pytest.mark.parametrize("kind", FACT_KINDS)
def test_a_whole_kind_of_facts_may_be_missing(finding: Finding, kind: str) -> None:
    run = copy.deepcopy(WRONG)
    run.table(kind).clear()
    sightings(finding, run)


@EVERY
@pytest.mark.parametrize("seed", range(5))
def test_any_facts_may_be_missing(finding: Finding, seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(20):
        list(finding.detect(thinned(WRONG, draw)))


def thinned(run: Run, draw: random.Random) -> Run:
    """A run of which some of the facts and vitals were never written."""
    made = Run(run.id, run.script, steps=run.steps)
    for kind in FACT_KINDS:
        kept = draw.random()
        made.table(kind).update({n: f for n, f in run.table(kind).items() if draw.random() < kept})
    kept = draw.random()
    made.vitals = {k: s for k, s in run.vitals.items() if draw.random() < kept}
    made.siblings = [thinned(sibling, draw) for sibling in run.siblings]
    return made
