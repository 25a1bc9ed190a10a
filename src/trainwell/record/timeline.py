"""What happens between a backward and the next, as plain data: schedules, clipped gradients."""

from __future__ import annotations

__all__ = ["Clipping", "Scheduler"]

from dataclasses import dataclass, field

from trainwell.record.facts import Detail, Place


@dataclass(frozen=True)
class Scheduler:
    """A scheduler of `torch.optim.lr_scheduler`.

    The series ("scheduler", number, "metric") holds what `ReduceLROnPlateau.step` was given, and
    ("optimizer", number, "rate") the rate that every step of an optimizer used.

    Attributes:
        name: class name.
        place: where it was constructed.
        step_place: the line that calls its `step()`.
        optimizer: number of its optimizer; None where that never stepped.
        steps: calls of `step()`, that of the constructor left out.
        updates: steps of its optimizer.
        early: `step()` was called before the optimizer's first step.
        base: the rate that it starts from or leads to: the highest of all groups.
        settings: constants such as {"T_max": 10, "gamma": 0.1, "mode": "min"}.
        parts: class names of the schedulers that it is made of.
        reductions: how often it changed the rate, of `ReduceLROnPlateau` only.
    """

    number: int
    name: str
    place: Place = field(default_factory=Place)
    step_place: Place = field(default_factory=Place)
    optimizer: int | None = None
    steps: int = 0
    updates: int = 0
    early: bool = False
    base: float = 0.0
    settings: dict[str, Detail] = field(default_factory=dict)
    parts: tuple[str, ...] = ()
    reductions: int = 0


@dataclass(frozen=True)
class Clipping:
    """A line that clips gradients by a function of `torch.nn.utils`.

    The series ("clipping", number, "norm") is the norm before it, at the looks, as the function
    saw it: of scaled gradients where they were still scaled.

    Attributes:
        function: "clip_grad_norm_" or "clip_grad_value_".
        place: the line.
        limit: the largest norm, or value, that it lets pass.
        calls: how often it was called.
        looks: calls that were looked at.
        scaled: looks at which a gradient scaler's factor was still on the gradients.
        late: looks at which the optimizer had used the gradients already.
        scale: the factor at the last of these looks; 1 without a gradient scaler.
    """

    number: int
    function: str
    place: Place = field(default_factory=Place)
    limit: float | None = None
    calls: int = 0
    looks: int = 0
    scaled: int = 0
    late: int = 0
    scale: float = 1.0
