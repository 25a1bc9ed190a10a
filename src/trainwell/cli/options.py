"""Options that several commands share, and how they are read."""

from __future__ import annotations

__all__ = [
    "FailOnOption",
    "FormatOption",
    "IgnoreOption",
    "IsolatedOption",
    "JsonOption",
    "OutputOption",
    "SelectOption",
    "VerboseOption",
    "choose_findings",
    "choose_format",
    "fails",
]

from typing import TYPE_CHECKING, Annotated, Literal

from trainwell.cli.declarations import Option
from trainwell.configuration.options import FailOn, Format
from trainwell.configuration.settings import Settings
from trainwell.errors import BadInputError, UnknownNameError

if TYPE_CHECKING:
    from trainwell.diagnosis import Diagnosis
    from trainwell.findings.finding import Finding

SelectOption = Annotated[
    list[str] | None,
    Option(
        "--select",
        metavar="NAMES",
        help="Look for these findings only: codes, slugs or families, as in ACT,double-softmax.",
    ),
]
IgnoreOption = Annotated[
    list[str] | None,
    Option("--ignore", metavar="NAMES", help="Do not look for these findings."),
]
FailOnOption = Annotated[
    FailOn | None,
    Option("--fail-on", help="Exit with 1 when something as bad was found (default: never)."),
]
FormatOption = Annotated[
    Format | None,
    Option(
        "--format",
        help="What the report is written as: text for people, json for programs, sarif for code"
        " scanning, github for annotations in a workflow, facts for what was measured, in 6 kB,"
        " and facts-json for the same as JSON (default: text).",
    ),
]
JsonOption = Annotated[bool, Option("--json", help="Short for --format json.")]
OutputOption = Annotated[
    str | None,
    Option(
        "-o",
        "--output",
        metavar="FILE",
        help="Write the report to a file. One in .json or .sarif is written as its name says.",
    ),
]
VerboseOption = Annotated[
    bool,
    Option("--verbose", help="Also say what could not be judged, and what comments suppress."),
]
IsolatedOption = Annotated[
    bool, Option("--isolated", help="Read no [tool.trainwell] of any pyproject.toml.")
]


def choose_format(
    asked: Format | None, as_json: bool, file: str | None, settled: Format | None
) -> Format:
    """The format of a report: what was asked for, the file's suffix, the project's, text.

    Args:
        asked: `--format`.
        as_json: `--json`.
        file: `-o`.
        settled: `format` of pyproject.toml.

    Raises:
        BadInputError: if `--json` and `--format` contradict each other.
    """
    if as_json and asked not in (None, Format.JSON):
        raise BadInputError(
            f"`--json` is short for `--format json`: it does not go with `--format {asked}`"
        )
    if as_json or asked is not None:
        return asked or Format.JSON
    name = (file or "").lower()
    if name.endswith((".sarif", ".sarif.json")):
        return Format.SARIF
    if name.endswith(".json"):
        return Format.JSON
    return settled or Format.TEXT


def choose_findings(
    settings: Settings, select: list[str] | None, ignore: list[str] | None
) -> tuple[Finding, ...] | None:
    """The findings to look for; None for all of the catalogue.

    Args:
        settings: of the project.
        select: what `--select` was given, each perhaps several with commas between.
        ignore: what `--ignore` was given.

    Raises:
        BadInputError: if a name names nothing, or no finding is left.
    """
    wanted, unwanted = _listed("--select", select), _listed("--ignore", ignore)
    return settings.findings(wanted, unwanted)


def _listed(option: str, words: list[str] | None) -> list[str]:
    names = [name for word in words or () for part in word.split(",") if (name := part.strip())]
    if not names:
        if words:
            raise BadInputError(f"`{option}` names no finding, got `{','.join(words)}`")
        return []
    from trainwell.findings.names import check_name

    try:
        return [check_name(name) for name in names]
    except UnknownNameError as error:
        raise BadInputError(f"`{option}`: {error}") from error


def fails(diagnosis: Diagnosis, limit: FailOn) -> bool:
    """Whether something was found that is as severe as the limit, or worse."""
    if limit is FailOn.NEVER:
        return False
    severity: Literal["error", "warning"] = "error" if limit is FailOn.ERROR else "warning"
    return bool(diagnosis.at_least(severity))
