"""What several findings read off a run."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.findings.invented import Invention, climbing, falling, mlp, standing

from trainwell.record import Objective, Operation, Place, Run, Series
from trainwell.record.reading import (
    depends_on_data,
    first_loss,
    harm,
    is_hidden,
    label,
    layers,
    trained,
)


def losing(*values: float) -> tuple[Run, Objective]:
    run = Run("invented", "train.py")
    run.objectives[0] = Objective(0)
    run.vitals["objective", 0, "loss"] = Series(list(range(len(values))), list(values))
    return run, run.objectives[0]


# layers


def test_layers_come_from_the_data_to_the_loss() -> None:
    made = Invention()
    made.objective()
    last = made.layer(layer="z", operation={"depth": 3})
    made.layer(layer="y", operation={"depth": 1})
    made.layer(last, layer="x", kind="convolution", operation={"depth": 2})
    made.layer(layer="w", kind="recurrent", operation={"depth": 1})
    found = layers(made.run, made.run.objectives[0])
    assert [p.operation.place.layer for p in found] == ["y", "w", "x", "z"]
    assert [p.weight.name for p in found] == ["y.weight", "w.weight", "x.weight", "z.weight"]


def test_only_weights_of_the_objective_count_and_each_once() -> None:
    made = mlp(depth=2)
    made.layer(kind="embedding", layer="embedding")
    made.layer(layer="bias", is_weight=False)
    made.operation("linear", parameters=(0,), layer="shared")
    other = made.objective()
    made.layer(layer="other", objective=other)
    made.operation("linear", parameters=(99,), layer="lost")
    found = layers(made.run, made.run.objectives[0])
    assert [p.operation.place.layer for p in found] == ["fc1", "fc2"]
    assert [p.operation.place.layer for p in layers(made.run, made.run.objectives[1])] == ["other"]
    assert layers(Run("empty", "train.py"), Objective(0, parameters=(1, 2))) == []


# is_hidden, depends_on_data


def test_hidden_is_what_a_weight_reads_later() -> None:
    made = mlp(depth=2)
    out = made.operation("softmax", 2)
    operations = made.run.operations
    assert [is_hidden(made.run, operations[n]) for n in (0, 1, 2, out)] == [
        True,
        True,
        False,
        False,
    ]


def test_a_bias_alone_hides_nothing() -> None:
    made = mlp(depth=1)
    bias = made.parameter("bias", (8,))
    made.operation("add", 0, parameters=(bias,))
    assert not is_hidden(made.run, made.run.operations[0])


def test_loops_in_the_graph_end() -> None:
    made = mlp(depth=1)
    first = made.operation("relu", 0)
    second = made.operation("multiply", first)
    made.run.operations[first] = replace(made.run.operations[first], inputs=(second,))
    assert not is_hidden(made.run, made.run.operations[first])
    assert not depends_on_data(made.run, made.run.operations[second])
    made.layer(second, layer="head")
    assert is_hidden(made.run, made.run.operations[first])


def test_an_operation_that_reads_itself_ends() -> None:
    run = Run("invented", "train.py")
    run.operations[0] = Operation(0, "relu", "ReluBackward0", 0, inputs=(0,))
    assert not is_hidden(run, run.operations[0])
    assert not depends_on_data(run, run.operations[0])
    assert list(run.upstream(run.operations[0], frozenset({"relu"}))) == []


def test_a_parameter_that_was_never_written_is_no_weight() -> None:
    made = mlp(depth=2)
    made.run.parameters.clear()
    assert not is_hidden(made.run, made.run.operations[0])


def test_data_come_in_where_they_are_read_or_looked_up() -> None:
    made = mlp(depth=2)
    query = made.operation("linear", reads_data=False)
    table = made.operation("embedding", reads_data=False)
    run = made.run
    assert depends_on_data(run, run.operations[2])
    assert not depends_on_data(run, run.operations[query])
    assert depends_on_data(run, run.operations[made.operation("add", query, table)])
    assert not depends_on_data(run, run.operations[made.operation("relu", query)])


# trained


@pytest.mark.parametrize(
    ("moved", "expected"),
    [([0.0, 0.0], False), ([0.0, 1e-9], True), ([math.nan], False), ([], False)],
)
def test_trained_is_whether_anything_moved(moved: list[float], expected: bool) -> None:
    made = mlp(depth=2)
    made.measure("parameter", 1, moved=moved)
    assert trained(made.run, made.run.objectives[0]) is expected
    assert not trained(made.run, replace(made.run.objectives[0], parameters=(0, 77)))


# first_loss, harm


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([2.0], 2.0),
        ([2.0, 1.0], 1.5),
        ([1.0, 2.0, 3.0], 1.0),  # it climbs at once: the mean would be spoiled
        ([3.0, 2.0, 1.0, 0.0], 2.0),
        ([math.nan, 2.0, math.inf], 2.0),
    ],
)
def test_the_first_loss(values: list[float], expected: float) -> None:
    assert first_loss(*losing(*values)) == pytest.approx(expected)


def test_no_loss_has_no_first() -> None:
    assert math.isnan(first_loss(*losing()))
    assert math.isnan(first_loss(*losing(math.nan, math.inf)))


def test_the_first_loss_reads_sixteen_values_at_most() -> None:
    assert first_loss(*losing(*[2.0] * 16, *[0.0] * 984)) == 2.0


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.0] * 10 + [0.0] * 90, 0.0),
        ([1.0] * 10 + [0.25] * 90, 0.25),
        ([1.0] * 100, 1.0),
        ([1.0] * 10 + [7.0] * 90, 1.0),  # it rose
        ([1.0] * 50 + [math.nan] * 50, 1.0),  # it left the numbers
        ([1.0, 0.1, math.inf], 1.0),
        ([1.0], 0.5),  # too little is known
        ([], 0.5),
        ([math.nan] * 9, 1.0),
        ([-1.0] * 10 + [-5.0] * 90, 0.5),  # no floor to reach
        ([1.0] * 10 + [-5.0] * 90, 0.5),
        ([-5.0] * 10 + [-1.0] * 90, 1.0),
        ([0.0] * 100, 0.0),
    ],
)
def test_harm(values: list[float], expected: float) -> None:
    assert harm(*losing(*values)) == pytest.approx(expected)


def test_an_unknown_objective_is_half_harmed() -> None:
    assert harm(Run("invented", "train.py"), None) == 0.5


def test_a_loss_that_rises_from_zero_is_harmed() -> None:
    assert harm(*losing(*[0.0] * 10, *[5.0] * 90)) == 1.0


def test_harm_of_losses_as_they_go() -> None:
    assert harm(*losing(*falling())) < 0.05
    assert harm(*losing(*standing())) == pytest.approx(1, abs=0.02)
    assert harm(*losing(*climbing())) == 1


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=60), st.sampled_from([0.125, 4.0, 1024.0]))
def test_harm_is_a_share_and_knows_no_unit(values: list[float], scale: float) -> None:
    value = harm(*losing(*values))
    assert 0 <= value <= 1
    if max(values) > 1e-3:
        assert harm(*losing(*(scale * v for v in values))) == pytest.approx(value, abs=1e-9)


@given(st.lists(st.floats(allow_nan=True, width=32), max_size=20))
def test_harm_of_any_float32_is_a_share(values: list[float]) -> None:
    assert 0 <= harm(*losing(*values)) <= 1


# label


def test_labels_of_places() -> None:
    assert label(Place("fc1")) == "`fc1`"
    assert label(Place(None)) == "the network"
    assert label(Place(None), "the loss") == "the loss"
    assert "`" not in label(Place("after fc1")).replace("`fc1`", "")
