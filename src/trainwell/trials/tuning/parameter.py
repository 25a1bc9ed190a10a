"""Parameters of a search: what is set, where, in which range, and under which condition."""

from __future__ import annotations

__all__ = [
    "Condition",
    "Parameter",
    "Place",
    "Values",
    "active",
    "combinations",
    "ordered",
    "parse_parameter",
]

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from trainwell.errors import BadInputError, UnknownNameError
from trainwell.trials.tuning.domain import Domain, Value, parse_domain, parse_value

Values: TypeAlias = "dict[str, Value]"
"""A setting: the values of the parameters that are active, by name."""


class Place(StrEnum):
    """Where a parameter is set."""

    LIVE = "live"
    """In the live run, by trainwell."""
    ARGUMENT = "argument"
    """On the script's command line."""
    ENVIRONMENT = "environment"
    """In its environment."""
    CONSTANT = "constant"
    """In its source: an assignment at the top of a module."""


@dataclass(frozen=True)
class Condition:
    """Another parameter has one of some values."""

    name: str
    values: tuple[Value, ...]

    def __str__(self) -> str:
        return f"{self.name}={'|'.join(map(str, self.values))}"


@dataclass(frozen=True)
class Parameter:
    """One hyperparameter.

    Attributes:
        name: "lr" and its like, "--hidden", "env.HIDDEN", "train.HIDDEN".
        domain: what it may be.
        condition: it counts only then; None: always.
    """

    name: str
    domain: Domain
    condition: Condition | None = None

    @property
    def place(self) -> Place:
        """Where it is set."""
        if self.name.startswith("-"):
            return Place.ARGUMENT
        if self.name.startswith("env."):
            return Place.ENVIRONMENT
        return Place.CONSTANT if "." in self.name else Place.LIVE

    def __str__(self) -> str:
        condition = "" if self.condition is None else f" if {self.condition}"
        return f"{self.name}={self.domain}{condition}"


def parse_parameter(text: str) -> Parameter:
    """The parameter of `--param`.

    Args:
        text: as in "lr=log:1e-5..1e-1" or "momentum=0..0.99 if optimizer=sgd|rmsprop".

    Raises:
        BadInputError: if it is not written like that.
    """
    body, _, condition = text.partition(" if ")
    name, equals, domain = (part.strip() for part in body.partition("="))
    if not equals or not re.fullmatch(r"-{0,2}[A-Za-z_][\w.-]*", name):
        raise BadInputError(f"`--param` takes NAME=RANGE, as in lr=log:1e-5..1e-1, got `{text}`")
    try:
        return Parameter(name, parse_domain(domain), _condition(condition))
    except BadInputError as error:
        raise BadInputError(f"`{name}`: {error}") from None


def _condition(text: str) -> Condition | None:
    if not text.strip():
        return None
    name, _, values = text.strip().partition("=")
    if not values:
        raise BadInputError(f"a condition is written NAME=VALUE, got `{text.strip()}`")
    return Condition(name.strip(), tuple(parse_value(v.strip()) for v in values.split("|")))


def ordered(parameters: Iterable[Parameter]) -> tuple[Parameter, ...]:
    """The parameters such that each stands behind the one that its condition names.

    Raises:
        BadInputError: if a name stands twice, a condition names no other parameter or a value that
            it never has, or conditions go round in a circle.
    """
    waiting = list(parameters)
    known = {p.name: p for p in waiting}
    if len(known) < len(waiting):
        names = [p.name for p in waiting]
        twice = next(n for n in names if names.count(n) > 1)
        raise BadInputError(f"`{twice}` is given twice")
    for parameter in waiting:
        condition = parameter.condition
        if condition is None:
            continue
        if condition.name not in known:
            raise UnknownNameError(
                f"parameter in the condition of `{parameter.name}`:", condition.name, known
            )
        if not any(known[condition.name].domain.holds(v) for v in condition.values):
            raise BadInputError(
                f"`{parameter.name}` would never count: `{condition.name}` is never"
                f" {'|'.join(map(str, condition.values))}"
            )
    found: dict[str, Parameter] = {}
    while waiting:
        ready = [p for p in waiting if p.condition is None or p.condition.name in found]
        if not ready:
            circle = ", ".join(p.name for p in waiting)
            raise BadInputError(f"the conditions of {circle} depend on each other")
        found |= {p.name: p for p in ready}
        waiting = [p for p in waiting if p.name not in found]
    return tuple(found.values())


def active(parameter: Parameter, values: Mapping[str, Any]) -> bool:
    """Whether a parameter counts beside these values of those before it."""
    condition = parameter.condition
    return condition is None or values.get(condition.name) in condition.values


def combinations(parameters: Sequence[Parameter], points: int) -> list[Values]:
    """All settings of a grid, each once; parameters that do not count make none of their own.

    Args:
        parameters: in the order of `ordered`.
        points: values of a range without a step.
    """
    found: list[Values] = [{}]
    for parameter in parameters:
        further: list[Values] = []
        for values in found:
            if active(parameter, values):
                further += [{**values, parameter.name: v} for v in parameter.domain.grid(points)]
            else:
                further.append(values)
        found = further
    return found
