"""What a hyperparameter may be: a range of numbers, or a choice."""

from __future__ import annotations

__all__ = [
    "Choice",
    "Domain",
    "Range",
    "Value",
    "given_domain",
    "only",
    "parse_domain",
    "parse_value",
]

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from trainwell.errors import BadInputError

Value: TypeAlias = "bool | int | float | str"


@dataclass(frozen=True)
class Range:
    """All numbers from `low` to `high`, both included.

    Attributes:
        low, high: its ends.
        whole: whole numbers only.
        log: tried evenly over the logarithm.
        step: from `low` on; None for no grid.
    """

    low: float
    high: float
    whole: bool = False
    log: bool = False
    step: float | None = None

    def __post_init__(self) -> None:
        for end in ("low", "high"):
            object.__setattr__(self, end, float(getattr(self, end)))
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            raise BadInputError(f"a range needs finite ends, got {self}")
        if self.low > self.high:
            raise BadInputError(
                f"the range {self.low:g}..{self.high:g} is the wrong way round:"
                f" write {self.high:g}..{self.low:g}"
            )
        if self.log and self.low <= 0:
            raise BadInputError(f"a logarithmic range begins above 0, got {self.low:g}")
        if self.step is not None and not self.step > 0:
            raise BadInputError(f"a range's step is above 0, got {self.step:g}")
        if self.log and self.step is not None:
            raise BadInputError("a logarithmic range takes no step")

    def __str__(self) -> str:
        kinds = ("int:" if self.whole else "") + ("log:" if self.log else "")
        step = "" if self.step is None else f":{self.step:g}"
        return f"{kinds}{self.low:g}..{self.high:g}{step}"

    def distribution(self) -> BaseDistribution:
        """As Optuna has it."""
        if self.whole:
            step = 1 if self.step is None else int(self.step)
            return IntDistribution(int(self.low), int(self.high), log=self.log, step=step)
        return FloatDistribution(self.low, self.high, log=self.log, step=self.step)

    def of_whole_numbers(self, name: str) -> Range:
        """The same range, of whole numbers only.

        Args:
            name: of the parameter, for an error.

        Raises:
            BadInputError: if its ends are no whole numbers.
        """
        if not (self.low.is_integer() and self.high.is_integer()):
            raise BadInputError(f"`{name}` takes whole numbers, got `{self}`")
        return replace(self, whole=True)

    def holds(self, value: object) -> bool:
        """Whether a value lies in it."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return self.low <= value <= self.high and (not self.whole or float(value).is_integer())

    def grid(self, points: int) -> list[Value]:
        """So many values of it, evenly from end to end; those of its step, where it has one."""
        if self.step is not None:
            count = math.floor((self.high - self.low) / self.step + 1e-9) + 1
            values = [self.low + i * self.step for i in range(count)]
        elif points < 2 or self.low == self.high:
            values = [self.low]
        elif self.log:
            ratio = (self.high / self.low) ** (1 / (points - 1))
            values = [self.low * ratio**i for i in range(points - 1)] + [self.high]
        else:
            width = (self.high - self.low) / (points - 1)
            values = [self.low + i * width for i in range(points - 1)] + [self.high]
        if not self.whole:
            return list(values)
        return list(dict.fromkeys(round(v) for v in values))


@dataclass(frozen=True)
class Choice:
    """One of some values."""

    values: tuple[Value, ...]

    def __post_init__(self) -> None:
        if len(set(map(repr, self.values))) < len(self.values):
            raise BadInputError(f"a value stands twice in {self}")

    def __str__(self) -> str:
        return ",".join(_text(v) for v in self.values)

    def distribution(self) -> BaseDistribution:
        """As Optuna has it."""
        return CategoricalDistribution(self.values)

    def holds(self, value: object) -> bool:
        """Whether it is one of them."""
        return any(
            value == v and isinstance(value, bool) == isinstance(v, bool) for v in self.values
        )

    def grid(self, points: int) -> list[Value]:
        """All of them."""
        del points
        return list(self.values)


Domain: TypeAlias = "Range | Choice"


def parse_domain(text: str) -> Domain:
    """The domain that a user wrote.

    Args:
        text: "0..0.5", "log:1e-5..1e-1", "int:16..512", "int:log:16..512", "int:16..512:16" with a
            step, or values with commas between: "adam,sgd".

    Raises:
        BadInputError: if it is none of these.
    """
    rest = text.strip()
    kinds: list[str] = []
    while rest.startswith(("int:", "log:", "float:")):
        kind, rest = rest.split(":", 1)
        kinds.append(kind)
    if ".." not in rest:
        if kinds:
            raise BadInputError(f"`{text}` is no range: write {kinds[0]}:LOW..HIGH")
        values = [part.strip() for part in rest.split(",")]
        if not all(values):
            raise BadInputError(f"an empty value stands in `{text}`")
        return Choice(tuple(parse_value(v) for v in values))
    low, _, high = rest.partition("..")
    high, colon, step = high.partition(":")
    try:
        ends = [float(low), float(high)] + ([float(step)] if colon else [])
    except ValueError:
        raise BadInputError(
            f"a range is written LOW..HIGH or LOW..HIGH:STEP with numbers, got `{text}`"
        ) from None
    whole = "int" in kinds
    if whole and not all(e.is_integer() for e in ends):
        raise BadInputError(f"a range of whole numbers has whole ends, got `{text}`")
    return Range(ends[0], ends[1], whole, "log" in kinds, ends[2] if colon else None)


def given_domain(given: object) -> Domain:
    """The domain that a caller in Python gave: text, (low, high), a list of values, a `range`.

    Raises:
        BadInputError: if it is none of these.
    """
    if isinstance(given, Range | Choice):
        return given
    if isinstance(given, str):
        return parse_domain(given)
    if isinstance(given, range):
        return Range(given[0], given[-1], whole=True, step=given.step if given.step > 1 else None)
    if isinstance(given, tuple) and len(given) == 2 and all(_is_number(v) for v in given):
        whole = all(isinstance(v, int) for v in given)
        return Range(float(given[0]), float(given[1]), whole)
    if (
        isinstance(given, Sequence)
        and given
        and all(isinstance(v, bool | int | float | str) for v in given)
    ):
        return Choice(tuple(given))
    raise BadInputError(
        f"a parameter is a text such as 'log:1e-5..1e-1', (low, high) or a list, got {given!r}"
    )


def only(value: Value) -> Domain:
    """The domain that holds one value."""
    if isinstance(value, bool | str):
        return Choice((value,))
    return Range(value, value, isinstance(value, int))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def parse_value(text: str) -> Value:
    """A value as it is written: true and false, a number, or the text itself."""
    if text in ("true", "True", "false", "False"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value}"
