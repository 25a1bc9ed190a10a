"""What every finding is: a frozen dataclass of thresholds with one method."""

from __future__ import annotations

__all__ = ["SYMPTOMS", "Finding", "frozen"]

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import Field, FrozenInstanceError, dataclass, fields, is_dataclass
from typing import Any, ClassVar, TypeVar, dataclass_transform

from trainwell.record import Run, Sighting, Undecided

SYMPTOMS: tuple[str, ...] = (
    "too-few-epochs",
    "underfitting",
    "overconfidence",
    "trained-past-the-best",
    "oscillating-loss",
    "noisy-batches",
)
"""Findings that say how a run went. Whatever keeps a network from learning may bring them about."""


_Kind = TypeVar("_Kind")


@dataclass_transform(frozen_default=True, kw_only_default=True)
def frozen(kind: type[_Kind]) -> type[_Kind]:
    """Make a class of finding a frozen dataclass, like `dataclass(frozen=True, kw_only=True)`.

    The methods are those of `Finding`: `dataclass` would compile six of them for each class, which
    takes 0.5 ms, and there are 70 classes to import before a report.
    """
    return dataclass(init=False, repr=False, eq=False, kw_only=True)(kind)


class Finding(ABC):
    """A pure function from a run to the places at which one fault was seen.

    The fields of a subclass are its thresholds. Its docstring is its page: a first line, then the
    sections *What it looks for*, *Why it hurts*, *When it is not a fault*, *Thresholds* (every
    field by name) and *Sources*.

    Attributes:
        code: family and number, "ACT101"; never reused.
        slug: the public name, "dying-relu".
        confidence: how sure it is that what it reports is a fault, in (0, 1]: 0.95 where it follows
            from the program itself (shapes, operations, counts), 0.8 where numbers were measured
            against thresholds, 0.6 where it says how the run went and not why. The shares that hold
            on real faults are printed by `python -m benchmarks.faults`.
        causes: slugs of findings that this fault may bring about.
        remedies: names of the remedies that may help (`trainwell.remedies`).
    """

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    code: ClassVar[str]
    slug: ClassVar[str]
    confidence: ClassVar[float] = 0.8
    causes: ClassVar[tuple[str, ...]] = ()
    remedies: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield each place at which the fault was seen, or why it could not be judged."""

    def __init__(self, **thresholds: Any) -> None:
        for name, value in thresholds.items():
            if name not in self._fields():
                raise TypeError(f"{type(self).__name__}() has no threshold `{name}`")
            # The others stay the class's attributes, which are the defaults.
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __repr__(self) -> str:
        values = zip(self._fields(), self._values(), strict=True)
        return f"{type(self).__name__}({', '.join(f'{n}={v!r}' for n, v in values)})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Finding) or type(other) is not type(self):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash((type(self), self._values()))

    @classmethod
    def _fields(cls) -> tuple[str, ...]:
        return tuple(f.name for f in fields(cls)) if is_dataclass(cls) else ()

    def _values(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self._fields())
