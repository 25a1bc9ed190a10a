"""How findings are named."""

from __future__ import annotations

import pytest

from trainwell.errors import UnknownNameError
from trainwell.findings.catalogue import FINDINGS
from trainwell.findings.names import check_name, matches, precision


def test_a_name_is_as_close_as_it_is_narrow() -> None:
    finding = FINDINGS["ACT101"]
    for name, expected in {
        "ACT101": 3,
        "act101": 3,
        "dying-relu": 3,
        "ACT": 2,
        "all": 1,
        "AC": 0,
        "ACT1": 0,
        "GRD": 0,
        "": 0,
    }.items():
        assert precision(name, finding) == expected, name
    assert matches(["GRD", "ACT"], finding)
    assert not matches([], finding)


def test_every_finding_can_be_named() -> None:
    for finding in FINDINGS.values():
        for name in (finding.code, finding.slug, finding.code[:3], "ALL"):
            assert check_name(name) == name


def test_what_names_nothing_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="unknown finding `GRDD`; did you mean `GRD`"):
        check_name("GRDD")
