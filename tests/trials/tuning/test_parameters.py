"""Ranges, choices and conditions, as they are written and read."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from trainwell.errors import BadInputError, UnknownNameError
from trainwell.trials.tuning.domain import Choice, Range, given_domain, parse_domain
from trainwell.trials.tuning.parameter import (
    Place,
    active,
    combinations,
    ordered,
    parse_parameter,
)


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("0..0.5", Range(0, 0.5)),
        ("log:1e-5..1e-1", Range(1e-5, 1e-1, log=True)),
        ("int:16..512", Range(16, 512, whole=True)),
        ("int:log:16..512", Range(16, 512, whole=True, log=True)),
        ("log:int:16..512", Range(16, 512, whole=True, log=True)),
        ("int:16..64:16", Range(16, 64, whole=True, step=16)),
        ("-1..1:0.5", Range(-1, 1, step=0.5)),
        ("adam,sgd", Choice(("adam", "sgd"))),
        ("16, 32", Choice((16, 32))),
        ("0.5", Choice((0.5,))),
        ("true,false", Choice((True, False))),
    ],
)
def test_a_domain_is_read_as_it_is_written(text: str, domain: object) -> None:
    assert parse_domain(text) == domain
    assert parse_domain(str(domain)) == domain


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("0.5..0.1", "the range 0.5..0.1 is the wrong way round: write 0.1..0.5"),
        ("log:0..1", "a logarithmic range begins above 0, got 0"),
        ("log:1..10:2", "a logarithmic range takes no step"),
        ("int:1..2.5", "a range of whole numbers has whole ends, got `int:1..2.5`"),
        ("a..b", "a range is written LOW..HIGH or LOW..HIGH:STEP with numbers, got `a..b`"),
        ("0..1:-1", "a range's step is above 0, got -1"),
        ("0..inf", "a range needs finite ends"),
        ("int:5", "`int:5` is no range: write int:LOW..HIGH"),
        ("adam,,sgd", "an empty value stands in `adam,,sgd`"),
        ("adam,adam", "a value stands twice in adam,adam"),
    ],
)
def test_a_wrong_domain_says_what_is_wrong(text: str, line: str) -> None:
    with pytest.raises(BadInputError) as error:
        parse_domain(text)
    assert line in str(error.value)


def test_domains_are_optunas() -> None:
    assert parse_domain("log:1e-5..1e-1").distribution() == FloatDistribution(1e-5, 0.1, log=True)
    assert parse_domain("int:1..9:2").distribution() == IntDistribution(1, 9, step=2)
    assert parse_domain("a,1").distribution() == CategoricalDistribution(("a", 1))


@given(
    low=st.floats(1e-3, 1e3),
    times=st.floats(1, 1e3),
    points=st.integers(1, 9),
    log=st.booleans(),
    whole=st.booleans(),
)
def test_a_grid_lies_in_its_range(
    low: float, times: float, points: int, log: bool, whole: bool
) -> None:
    ends = (low, low * times)
    if whole:
        ends = (float(math.ceil(ends[0])), float(math.ceil(ends[1])))
    domain = Range(*ends, whole=whole, log=log)
    grid = domain.grid(points)
    assert all(domain.holds(v) or math.isclose(float(v), domain.high) for v in grid)
    assert sorted(grid) == grid
    assert len(set(grid)) == len(grid) <= points
    assert points < 2 or float(grid[-1]) == pytest.approx(domain.high)


@pytest.mark.parametrize(
    ("given", "domain"),
    [
        ((0.0, 1.0), Range(0, 1)),
        ((1, 8), Range(1, 8, whole=True)),
        (range(2, 11, 4), Range(2, 10, whole=True, step=4)),
        (["relu", "gelu"], Choice(("relu", "gelu"))),
        ("log:1..10", Range(1, 10, log=True)),
    ],
)
def test_python_gives_domains_too(given: object, domain: object) -> None:
    assert given_domain(given) == domain


def test_python_may_give_nonsense() -> None:
    with pytest.raises(BadInputError, match=r"a parameter is a text such as .* got 3"):
        given_domain(3)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("lr", Place.LIVE),
        ("--hidden", Place.ARGUMENT),
        ("-n", Place.ARGUMENT),
        ("env.HIDDEN", Place.ENVIRONMENT),
        ("train.HIDDEN", Place.CONSTANT),
        ("package.config.Model.hidden", Place.CONSTANT),
    ],
)
def test_a_name_says_where_it_is_set(name: str, place: Place) -> None:
    assert parse_parameter(f"{name}=0..1").place is place


def test_a_condition_is_read() -> None:
    parameter = parse_parameter("momentum=0..0.99 if optimizer=sgd|rmsprop")
    assert str(parameter) == "momentum=0..0.99 if optimizer=sgd|rmsprop"
    assert active(parameter, {"optimizer": "sgd"})
    assert not active(parameter, {"optimizer": "adam"})
    assert not active(parameter, {})


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("lr", "`--param` takes NAME=RANGE, as in lr=log:1e-5..1e-1, got `lr`"),
        ("=1..2", "`--param` takes NAME=RANGE"),
        ("lr=2..1", "`lr`: the range 2..1 is the wrong way round"),
        ("lr=1..2 if optimizer", "a condition is written NAME=VALUE, got `optimizer`"),
    ],
)
def test_a_wrong_parameter_says_what_is_wrong(text: str, line: str) -> None:
    with pytest.raises(BadInputError) as error:
        parse_parameter(text)
    assert line in str(error.value)


def test_parameters_stand_behind_their_conditions() -> None:
    texts = ["a=0..1 if b=x", "b=x,y if c=1", "c=1,2"]
    assert [p.name for p in ordered(map(parse_parameter, texts))] == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("texts", "kind", "line"),
    [
        (["a=0..1", "a=1..2"], BadInputError, "`a` is given twice"),
        (["a=0..1 if b=x", "bb=x,y"], UnknownNameError, "did you mean `bb`?"),
        (["a=0..1 if b=z", "b=x,y"], BadInputError, "`a` would never count: `b` is never z"),
        (["a=1,2 if b=1", "b=1,2 if a=1"], BadInputError, "a, b depend on each other"),
    ],
)
def test_wrong_conditions_are_refused(texts: list[str], kind: type, line: str) -> None:
    with pytest.raises(kind) as error:
        ordered(map(parse_parameter, texts))
    assert line in str(error.value)


def test_a_grid_has_each_setting_once() -> None:
    texts = ["optimizer=adam,sgd", "momentum=0..0.9 if optimizer=sgd", "lr=log:0.01..1"]
    grid = combinations(ordered(map(parse_parameter, texts)), 3)
    assert len(grid) == 3 + 9
    assert all(("momentum" in v) == (v["optimizer"] == "sgd") for v in grid)
    assert len({tuple(sorted(v.items())) for v in grid}) == len(grid)
