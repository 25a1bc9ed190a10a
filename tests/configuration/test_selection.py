"""Which findings are looked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwell.configuration.selection import select_findings
from trainwell.errors import BadInputError, UnknownNameError
from trainwell.findings.catalogue import FINDINGS

CODES = list(FINDINGS)


def codes(*arguments: object) -> list[str]:
    return [f.code for f in select_findings(*arguments)]  # type: ignore[arg-type]


def test_everything_is_looked_for_unless_it_is_said_otherwise() -> None:
    assert select_findings() == tuple(FINDINGS.values())


@pytest.mark.parametrize(
    ("select", "ignore", "expected"),
    [
        (["LOS101"], [], ["LOS101"]),
        (["double-softmax", "los102"], [], ["LOS101", "LOS102"]),
        (["ACT"], [], ["ACT101", "ACT102", "ACT103"]),
        (["act"], ["dying-relu"], ["ACT102", "ACT103"]),
        (["ACT101"], ["ACT"], ["ACT101"]),
        (["ALL"], [c for c in CODES if c != "NET102"], ["NET102"]),
        (["GRD", "ACT101"], ["ALL"], ["ACT101", *(f"GRD10{n}" for n in range(1, 9))]),
        ("ACT102", (), ["ACT102"]),
    ],
)
def test_the_closer_name_counts(select: object, ignore: object, expected: list[str]) -> None:
    assert codes(select, ignore) == expected


def test_nothing_left_is_an_error() -> None:
    with pytest.raises(BadInputError, match="leave no finding to look for"):
        select_findings(["ACT101"], ["ACT101"])
    with pytest.raises(BadInputError, match="leave no finding to look for"):
        select_findings([])


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="unknown finding `ACTT`; did you mean `ACT`"):
        select_findings(["ACTT"])
    with pytest.raises(UnknownNameError, match="did you mean `dying-relu`"):
        select_findings(ignore=["dying-relus"])


NAMES = st.lists(
    st.sampled_from(["ALL", "ACT", "LOS", *CODES, *(f.slug for f in FINDINGS.values())]),
    max_size=6,
)


@given(NAMES, NAMES)
def test_selecting_more_or_ignoring_less_never_loses_a_finding(
    select: list[str], ignore: list[str]
) -> None:
    def left(wanted: list[str], unwanted: list[str]) -> set[str]:
        try:
            return set(codes(wanted, unwanted))
        except BadInputError:
            return set()

    everything = left(select, ignore)
    assert everything <= left([*select, "ALL"], ignore)
    assert everything <= left(select, ignore[1:])
    assert not left(select, [*ignore, *CODES])
    for name in select:
        assert left([name], []) - left(["ALL"], ignore) >= left([name], []) - everything
