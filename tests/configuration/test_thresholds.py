"""Thresholds from TOML into the fields of findings."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwell.configuration.thresholds import read_thresholds, with_thresholds
from trainwell.errors import BadInputError
from trainwell.findings.catalogue import FINDINGS
from trainwell.findings.finding import Finding
from trainwell.record import Run, Sighting
from trainwell.report.page import render_page

EVERY = pytest.mark.parametrize("finding", FINDINGS.values(), ids=lambda f: f.slug)


@dataclass(frozen=True)
class Kinds(Finding):
    """A finding with a field of every kind."""

    code = "ACT101"
    slug = "dying-relu"

    share: float = 0.5
    looks: int = 3
    strict: bool = False
    kind: str = "relu"
    pair: tuple[int, float] = (1, 2.0)
    kinds: tuple[str, ...] = ("relu",)

    def detect(self, run: Run) -> Iterator[Sighting]:
        yield from ()


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FINDINGS, "ACT101", Kinds())


@EVERY
def test_what_a_page_shows_can_be_pasted(finding: Finding) -> None:
    page = render_page(finding)
    if not dataclasses.fields(finding):
        assert "[tool.trainwell" not in page
        return
    block = page[page.index("  [tool.trainwell.findings.") :]
    document = tomllib.loads(block.partition("\n\n")[0])
    read = read_thresholds(document["tool"]["trainwell"]["findings"])
    assert with_thresholds(read) == tuple(FINDINGS.values()), "the defaults, in their types"
    assert read[finding.code] == dataclasses.asdict(finding)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"share": 1}, {"share": 1.0}),
        ({"share": float("inf")}, {"share": float("inf")}),
        ({"looks": 1}, {"looks": 1}),
        ({"strict": True}, {"strict": True}),
        ({"kind": "tanh"}, {"kind": "tanh"}),
        ({"pair": [4, 5]}, {"pair": (4, 5.0)}),
        ({"kinds": []}, {"kinds": ()}),
        ({"kinds": ["a", "b"]}, {"kinds": ("a", "b")}),
        ({}, {}),
    ],
)
def test_values_get_the_types_of_their_fields(
    kinds: None, values: dict[str, Any], expected: dict[str, Any]
) -> None:
    read = read_thresholds({"dying-relu": values})
    assert read == {"ACT101": expected}
    assert [type(v) for v in read["ACT101"].values()] == [type(v) for v in expected.values()]
    assert with_thresholds(read)[list(FINDINGS).index("ACT101")] == Kinds(**expected)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"share": "0.5"}, "`findings.dying-relu.share` must be a number, 0 or more, got '0.5'"),
        ({"share": True}, "must be a number, 0 or more, got True"),
        ({"share": float("nan")}, "must be a number, 0 or more, got nan"),
        ({"share": -0.1}, "must be a number, 0 or more, got -0.1"),
        ({"looks": 2.0}, "`findings.dying-relu.looks` must be a whole number, 1 or more, got 2.0"),
        ({"looks": 0}, "must be a whole number, 1 or more, got 0"),
        ({"looks": True}, "must be a whole number, 1 or more, got True"),
        ({"strict": 1}, "must be true or false, got 1"),
        ({"kind": 1}, "must be a string, got 1"),
        ({"pair": [1]}, "must be a list of 2, each a whole number, 1 or more, got [1]"),
        ({"pair": ["a", 2.0]}, "must be a list of 2"),
        ({"kinds": "relu"}, "must be a list, each a string, got 'relu'"),
        ({"kinds": [1]}, "must be a list, each a string, got [1]"),
        ({"shar": 1.0}, "`findings.dying-relu`: unknown threshold `shar`; did you mean `share`?"),
        ({"zzz": 1.0}, "unknown threshold `zzz`; there are share, looks, strict, kind, pair"),
        (3, "`findings.dying-relu` must be a table of thresholds, got 3"),
    ],
)
def test_what_does_not_fit_is_told(kinds: None, values: Any, message: str) -> None:
    with pytest.raises(BadInputError) as caught:
        read_thresholds({"dying-relu": values})
    assert message in str(caught.value)


def test_dashes_are_welcome() -> None:
    assert read_thresholds({"dying-relu": {"error-share": 0.8}}) == {"ACT101": {"error_share": 0.8}}


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"dying-rely": {}}, "`findings`: unknown finding `dying-rely`; did you mean `dying-relu`"),
        ({"ACT101": {}, "dying-relu": {}}, "is there twice, as ACT101 and as dying-relu"),
        (
            {"ACT101": {"error-share": 0.8, "error_share": 0.9}},
            "`findings.ACT101.error_share` is there twice",
        ),
        ({"double-sigmoid": {"share": 1}}, "`findings.double-sigmoid.share`: this finding has no"),
    ],
)
def test_names_that_do_not_fit_are_told(tables: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInputError) as caught:
        read_thresholds(tables)
    assert message in str(caught.value)


_TOML = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@given(st.sampled_from(list(FINDINGS.values())), st.data())
def test_no_value_gets_past_the_types(finding: Finding, data: st.DataObject) -> None:
    fields = [f.name for f in dataclasses.fields(finding)]
    values = data.draw(st.dictionaries(st.sampled_from(fields) if fields else st.text(), _TOML))
    try:
        read = read_thresholds({finding.slug: values})
    except BadInputError:
        return
    changed = dict(zip(FINDINGS, with_thresholds(read), strict=True))[finding.code]
    for name in fields:
        assert type(getattr(changed, name)) is type(getattr(finding, name))
