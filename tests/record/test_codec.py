"""Facts and runs to JSON and back."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwell.errors import RecordError
from trainwell.record import FACT_KINDS, Features, Operation, Place, Rank, Run, Series
from trainwell.record.codec import fact_from_json, fact_to_json, run_from_json, run_to_json

FLOATS = st.floats(allow_nan=True, allow_infinity=True)
WORDS = st.text(max_size=8)
COUNTS = st.integers(0, 2**53)
PLACES = st.builds(
    Place,
    st.none() | WORDS,
    st.none() | WORDS,
    st.none() | st.integers(1, 10**6),
    st.none() | WORDS,
)
DETAILS = st.recursive(
    st.none() | st.booleans() | st.integers() | FLOATS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
BY_TYPE: dict[str, st.SearchStrategy[Any]] = {
    "int": COUNTS,
    "float": FLOATS,
    "str": WORDS,
    "bool": st.booleans(),
    "Place": PLACES,
    "list[str]": st.lists(WORDS, max_size=3),
    "tuple[int, ...]": st.lists(COUNTS, max_size=3).map(tuple),
    "tuple[float, ...]": st.lists(FLOATS, max_size=3).map(tuple),
    "tuple[str, ...]": st.lists(WORDS, max_size=3).map(tuple),
    "dict[str, float]": st.dictionaries(WORDS, FLOATS, max_size=3),
    "dict[str, int]": st.dictionaries(WORDS, COUNTS, max_size=3),
    "dict[str, list[int]]": st.dictionaries(WORDS, st.lists(COUNTS, max_size=4), max_size=3),
    "dict[str, dict[str, float]]": st.dictionaries(
        WORDS, st.dictionaries(WORDS, FLOATS, max_size=3), max_size=3
    ),
    "tuple[list[int], ...]": st.lists(st.lists(COUNTS, max_size=3), max_size=3).map(tuple),
    "tuple[dict[str, Detail], ...]": st.lists(
        st.dictionaries(WORDS, DETAILS, max_size=3), max_size=2
    ).map(tuple),
    "dict[str, Detail]": st.dictionaries(WORDS, DETAILS, max_size=3),
}


def strategy(name: str) -> st.SearchStrategy[Any]:
    inner = name.removesuffix(" | None").replace("Mapping[", "dict[")
    found = BY_TYPE[inner]
    return found | st.none() if name.endswith(" | None") else found


def facts(kind: str) -> st.SearchStrategy[Any]:
    made = FACT_KINDS[kind]
    return st.builds(made, **{f.name: strategy(str(f.type)) for f in dataclasses.fields(made)})


def same(one: Any, other: Any) -> bool:
    # repr: NaN equals itself, and 1 is not 1.0 or True.
    return repr(one) == repr(other)


@pytest.mark.parametrize("kind", FACT_KINDS)
@given(data=st.data())
def test_a_fact_comes_back_as_it_was(kind: str, data: st.DataObject) -> None:
    fact = data.draw(facts(kind))
    assert same(fact_from_json(kind, fact_to_json(fact)), fact)


@pytest.mark.parametrize("kind", FACT_KINDS)
@given(data=st.data())
def test_a_run_comes_back_as_it_was(kind: str, data: st.DataObject) -> None:
    run = Run("a", "train.py", ["--lr", "0.1"], 1.5, 2.5, 1, {"type": "ValueError", "line": 3}, 7)
    run.notes.append("something was not seen")
    for fact in data.draw(st.lists(facts(kind), max_size=3)):
        run.table(kind)[fact.number] = fact
    values = data.draw(st.lists(FLOATS, max_size=4))
    run.vitals[kind, 0, "loss"] = Series(list(range(len(values))), values)
    text = json.dumps(run_to_json(run))
    assert same(run_from_json(json.loads(text)), run)


def test_an_empty_run_comes_back() -> None:
    run = Run("a", "train.py")
    assert run_from_json(run_to_json(run)) == run


def test_the_siblings_of_a_rank_come_back() -> None:
    run = Run("a", "train.py", siblings=[Run("b", "train.py", steps=4)])
    run.siblings[0].ranks[0] = Rank(0, rank=1, world=2, group="a")
    assert run_from_json(json.loads(json.dumps(run_to_json(run)))) == run


def test_every_kind_of_fact_has_its_own_table() -> None:
    run = Run("a", "train.py")
    tables = [run.table(kind) for kind in FACT_KINDS]
    assert len({id(t) for t in tables}) == len(FACT_KINDS)


def test_nan_in_vitals_is_strict_json() -> None:
    run = Run("a", "train.py")
    run.vitals["objective", 0, "loss"] = Series([0, 1, 2], [math.nan, math.inf, -math.inf])
    text = json.dumps(run_to_json(run), allow_nan=False)
    assert same(run_from_json(json.loads(text)), run)


def test_nan_in_facts_is_strict_json() -> None:
    # A column of missing values alone has no mean: an everyday fact.
    run = Run("a", "train.py")
    run.features[0] = Features(0, 0, mean=(math.nan, 1.0), high=(math.inf, 1.0))
    text = json.dumps(run_to_json(run), allow_nan=False)
    assert same(run_from_json(json.loads(text)), run)


def test_a_place_among_the_details_stays_a_dictionary() -> None:
    fact = Operation(0, "relu", "ReluBackward0", 0, details={"place": {"layer": "a"}, "x": [1]})
    assert fact_from_json("operation", fact_to_json(fact)) == fact


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(RecordError, match=r"^the record holds a fact of unknown kind `bogus`$"):
        fact_from_json("bogus", "{}")


def test_an_unknown_field_is_refused() -> None:
    text = '{"number": 0, "kind": "relu", "name": "x", "objective": 0, "zeal": 1, "age": 2}'
    with pytest.raises(RecordError, match=r"^the record holds an unknown field `age` of a opera"):
        fact_from_json("operation", text)


def test_an_unknown_field_of_a_place_is_refused() -> None:
    text = '{"number": 0, "name": "Net", "place": {"layer": "a", "column": 7}}'
    with pytest.raises(RecordError, match="column"):
        fact_from_json("network", text)


def test_a_run_of_unknown_facts_is_refused() -> None:
    body = run_to_json(Run("a", "train.py")) | {"facts": {"bogus": [{"number": 0}]}}
    with pytest.raises(RecordError, match="`bogus`"):
        run_from_json(body)
