"""What a `[tool.trainwell]` says, checked."""

from __future__ import annotations

__all__ = ["Settings", "read_settings", "settings_for"]

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from trainwell.configuration.options import FailOn, Format, parse_budget
from trainwell.configuration.pyproject import Table, find_table
from trainwell.errors import BadInputError, UnknownNameError

if TYPE_CHECKING:
    from trainwell.configuration.thresholds import Threshold
    from trainwell.findings.finding import Finding

_KEYS = ("select", "ignore", "budget", "probe", "fail-on", "format", "findings")

_Choice = TypeVar("_Choice", bound=StrEnum)


@dataclass(frozen=True)
class Settings:
    """What a project has settled; None where it left a thing open.

    Attributes:
        select, ignore: codes, slugs, families.
        budget: share of a run's time that watching may cost, in (0, 1].
        probe: try other settings when a run is over.
        fail_on: how bad a finding has to be to make the exit status 1.
        format: what reports are written as.
        thresholds: of findings, by code.
    """

    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    budget: float | None = None
    probe: bool | None = None
    fail_on: FailOn | None = None
    format: Format | None = None
    thresholds: Mapping[str, Mapping[str, Threshold]] = field(default_factory=dict)

    def findings(
        self, select: Sequence[str] = (), ignore: Sequence[str] = ()
    ) -> tuple[Finding, ...] | None:
        """The findings to look for, with their thresholds.

        Args:
            select: of the command line: it says what to look for now, so the project's own
                `select` and `ignore` stand back.
            ignore: of the command line, instead of the project's own `ignore`.

        Returns:
            None where nothing was said: the whole catalogue as it is.

        Raises:
            UnknownNameError: if a name names nothing.
            BadInputError: if no finding is left.
        """
        wanted = select or self.select or ()
        unwanted = ignore or (() if select else self.ignore) or ()
        if not (wanted or unwanted or self.thresholds):
            return None
        # Here, because the catalogue would delay scripts that need it at their end only.
        from trainwell.configuration.selection import select_findings
        from trainwell.configuration.thresholds import with_thresholds

        return select_findings(wanted or ("ALL",), unwanted, with_thresholds(self.thresholds))


def settings_for(script: str, *, isolated: bool = False) -> Settings:
    """The settings that hold for a script: those nearest to it, else to the working directory.

    Args:
        script: its path, or "-m module", which is of the working directory.
        isolated: there are none.

    Raises:
        BadInputError: if a pyproject.toml says what cannot be meant.
    """
    if isolated:
        return Settings()
    folders = [os.getcwd()]
    if not script.startswith("-m "):
        path = os.path.abspath(script)
        folders.insert(0, path if os.path.isdir(path) else os.path.dirname(path))
    table = find_table(*folders)
    return Settings() if table is None else read_settings(table)


def read_settings(table: Table) -> Settings:
    """Check a table, every key and every value.

    Raises:
        BadInputError: at the first that is wrong: file, key, what was expected, the nearest.
    """
    try:
        for key in table.values:
            if key not in _KEYS:
                raise UnknownNameError("key", key, _KEYS)
        settings = Settings(
            select=_names(table.values, "select"),
            ignore=_names(table.values, "ignore"),
            budget=_budget(table.values),
            probe=_switch(table.values, "probe"),
            fail_on=_choice(table.values, "fail-on", FailOn),
            format=_choice(table.values, "format", Format),
            thresholds=_thresholds(table.values),
        )
        # What contradicts itself is told before a script has trained for hours.
        settings.findings()
    except BadInputError as error:
        raise BadInputError(f"`{table.file}`, [tool.trainwell]: {error}") from error
    return settings


def _names(values: Mapping[str, Any], key: str) -> tuple[str, ...] | None:
    if key not in values:
        return None
    names = values[key]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise BadInputError(f'`{key}` must be a list such as ["ACT101", "GRD"], got {names!r}')
    if not names and key == "select":
        raise BadInputError("`select` names no finding: leave it out to look for all of them")
    from trainwell.findings.names import check_name

    try:
        return tuple(check_name(name) for name in names)
    except UnknownNameError as error:
        raise BadInputError(f"`{key}`: {error}") from error


def _budget(values: Mapping[str, Any]) -> float | None:
    value = values.get("budget")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise BadInputError(f'`budget` must be a share such as "3%" or 0.03, got {value!r}')
    return parse_budget(str(value), "budget")


def _switch(values: Mapping[str, Any], key: str) -> bool | None:
    value = values.get(key)
    if value is not None and not isinstance(value, bool):
        raise BadInputError(f"`{key}` must be true or false, got {value!r}")
    return value


def _choice(values: Mapping[str, Any], key: str, kind: type[_Choice]) -> _Choice | None:
    value = values.get(key)
    if value is None:
        return None
    choices = [choice.value for choice in kind]
    if value not in choices:
        raise BadInputError(f"`{key}` must be one of {', '.join(choices)}, got {value!r}")
    return kind(value)


def _thresholds(values: Mapping[str, Any]) -> Mapping[str, Mapping[str, Threshold]]:
    tables = values.get("findings", {})
    if not isinstance(tables, dict):
        raise BadInputError(
            f"`findings` must be tables such as [tool.trainwell.findings.dying-relu],"
            f" got {tables!r}"
        )
    if not tables:
        return {}
    from trainwell.configuration.thresholds import read_thresholds

    return read_thresholds(tables)
