"""What may stand under [tool.trainwell], and what is said of the rest."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from trainwell.configuration.options import FailOn, Format, parse_budget
from trainwell.configuration.settings import Settings
from trainwell.errors import BadInputError
from trainwell.findings.catalogue import FINDINGS

Settled = Callable[[str], Settings]


def test_everything_is_read(settled: Settled) -> None:
    read = settled(
        """
        [tool.trainwell]
        select = ["ACT", "double-softmax"]
        ignore = ["ACT102"]
        budget = "5%"
        probe = true
        fail-on = "warning"
        format = "sarif"
        [tool.trainwell.findings.dying-relu]
        share = 0.7
        """
    )
    assert read == Settings(
        select=("ACT", "double-softmax"),
        ignore=("ACT102",),
        budget=0.05,
        probe=True,
        fail_on=FailOn.WARNING,
        format=Format.SARIF,
        thresholds={"ACT101": {"share": 0.7}},
    )


@pytest.mark.parametrize("value", ['"2%"', '"0.02"', "0.02"])
def test_a_budget_may_be_a_number(settled: Settled, value: str) -> None:
    assert settled(f"[tool.trainwell]\nbudget = {value}").budget == parse_budget("2%")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('ingore = ["ACT"]', "unknown key `ingore`; did you mean `ignore`?"),
        ("fail_on = 'error'", "unknown key `fail_on`; did you mean `fail-on`?"),
        ('ignore = ["ACT999"]', "`ignore`: unknown finding `ACT999`; did you mean `ACT10"),
        ('select = ["dying-rely"]', "did you mean `dying-relu`?"),
        ('ignore = "ACT"', '`ignore` must be a list such as ["ACT101", "GRD"], got \'ACT\''),
        ("select = [1]", "`select` must be a list"),
        ("select = []", "`select` names no finding: leave it out"),
        ('ignore = ["all"]', "`select` (ALL) and `ignore` (all) leave no finding to look for"),
        ("fail-on = 'info'", "`fail-on` must be one of error, warning, never, got 'info'"),
        (
            "format = ['json']",
            "`format` must be one of text, json, sarif, github, facts, facts-json, got ['json']",
        ),
        ("budget = true", '`budget` must be a share such as "3%" or 0.03, got True'),
        ('probe = "yes"', "`probe` must be true or false, got 'yes'"),
        ("budget = 0", "`budget` takes a share of the run's time, such as 3% or 0.03; got `0`"),
        ("findings = 3", "`findings` must be tables such as"),
    ],
)
def test_the_first_fault_is_named_with_file_and_key(
    settled: Settled, text: str, message: str
) -> None:
    with pytest.raises(BadInputError) as caught:
        settled(f"[tool.trainwell]\n{text}\n")
    assert str(caught.value).startswith("`pyproject.toml`, [tool.trainwell]: ")
    assert message in str(caught.value)


def _codes(settings: Settings, *names: str, ignore: tuple[str, ...] = ()) -> list[str]:
    findings = settings.findings(names, ignore)
    assert findings is not None
    return [f.code for f in findings]


def test_nothing_said_is_the_catalogue_as_it_is() -> None:
    assert Settings().findings() is None
    assert Settings(ignore=()).findings() is None


def test_the_command_line_replaces() -> None:
    settings = Settings(select=("ACT", "GRD"), ignore=("ACT101",))
    assert _codes(settings) == ["ACT102", "ACT103", *(f"GRD10{n}" for n in range(1, 9))]
    assert _codes(settings, "ACT101") == ["ACT101"], "--select: the project's ignore stands back"
    assert _codes(settings, ignore=("GRD",)) == ["ACT101", "ACT102", "ACT103"]
    assert _codes(settings, "ALL") == list(FINDINGS)
    assert _codes(settings, "LOS", ignore=("LOS101",))[0] == "LOS102"


def test_thresholds_hold_whatever_is_selected(settled: Settled) -> None:
    settings = settled("[tool.trainwell.findings.ACT101]\nshare = 0.5\n")
    assert _codes(settings) == list(FINDINGS)
    (finding,) = settings.findings(["dying-relu"]) or ()
    assert finding.share == 0.5  # type: ignore[attr-defined]
    assert FINDINGS["ACT101"].share != 0.5  # type: ignore[attr-defined]
