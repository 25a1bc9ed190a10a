"""What `frozen` makes of a class, beside what `dataclass` makes of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from trainwell.findings.finding import Finding, frozen
from trainwell.record import Run, Sighting


class _Plain(Finding):
    slug = "plain"
    share: float = 0.5
    looks: int = 3

    def detect(self, run: Run) -> Iterator[Sighting]:
        return iter(())


@frozen
class Ours(_Plain):
    share: float = 0.5
    looks: int = 3


@dataclasses.dataclass(frozen=True, kw_only=True)
class Theirs(_Plain):
    share: float = 0.5
    looks: int = 3


@pytest.mark.parametrize("kind", [Ours, Theirs])
def test_a_finding_is_a_frozen_dataclass(kind: type[Ours] | type[Theirs]) -> None:
    made = kind(looks=4)
    assert [f.name for f in dataclasses.fields(made)] == ["share", "looks"]
    assert (made.share, made.looks) == (0.5, 4)
    assert repr(made) == f"{kind.__name__}(share=0.5, looks=4)"
    changed = dataclasses.replace(made, share=0.25)
    assert (changed.share, changed.looks, made.share) == (0.25, 4, 0.5)
    assert made == kind(looks=4) == dataclasses.replace(changed, share=0.5)
    assert hash(made) == hash(kind(looks=4))
    assert made != changed
    assert made != _Plain()
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.looks = 5  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del made.looks
    with pytest.raises(TypeError):
        kind(absent=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        kind(0.1)  # type: ignore[misc]


def test_a_class_without_thresholds_needs_no_decorator() -> None:
    assert repr(_Plain()) == "_Plain()"
    assert _Plain() == _Plain()
