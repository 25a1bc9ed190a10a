"""What trials are compared by: one number of each, declared before the comparison."""

from __future__ import annotations

__all__ = ["Measure", "check_pattern", "choose_measure"]

import math
import re
import shlex
from dataclasses import dataclass
from typing import Literal

from trainwell.errors import BadInputError
from trainwell.trials.job import Outcome
from trainwell.trials.printed import Printed, find_printed, without_colours


@dataclass(frozen=True)
class Measure:
    """One number of a trial.

    Attributes:
        kind: "loss" and "accuracy" of the last evaluation that the probe saw, or "pattern": the
            last match in what the script printed.
        curve: which evaluation, by the name in `Outcome.curves`.
        pattern: a regular expression whose first group is the number.
        maximize: higher is better.
        label: the words beside a printed number that was found without `--metric`.
        doubt: what speaks against it, or "".
        printed_loss: the printed number is a loss.
    """

    kind: Literal["loss", "accuracy", "pattern"]
    curve: str = ""
    pattern: str = ""
    maximize: bool = False
    label: str = ""
    doubt: str = ""
    printed_loss: bool = False

    @property
    def is_loss(self) -> bool:
        """It is a loss: those of two loss functions cannot be compared."""
        return self.kind == "loss" or self.printed_loss

    @property
    def name(self) -> str:
        """What a reader calls it."""
        if self.label:
            return f"`{self.label}` that the script prints"
        if self.kind == "pattern":
            return self.pattern
        return f"evaluation {self.kind}"

    def value(self, outcome: Outcome) -> float:
        """The number, in its own unit; NaN when the trial failed or measured nothing."""
        if outcome.failed:
            return math.nan
        if self.kind == "pattern":
            output = without_colours(outcome.output) if self.label else outcome.output
            found = re.findall(self.pattern, output)
            return _number(found[-1]) if found else math.nan
        points = self.points(outcome)
        number = points[-1][1 if self.kind == "loss" else 2] if points else None
        return math.nan if number is None else float(number)

    def points(self, outcome: Outcome) -> list[list[float | None]]:
        """The evaluation that decides; the one in its place, where another loss is called now."""
        found = outcome.curves.get(self.curve)
        if found is None and self.curve:
            number = self.curve.split("#")[-1]
            found = next((c for n, c in outcome.curves.items() if n.endswith(f"#{number}")), None)
        return found or []

    def cost(self, outcome: Outcome) -> float:
        """The number such that lower is better; infinite when there is none."""
        value = self.value(outcome)
        if not math.isfinite(value):
            return math.inf
        return -value if self.maximize else value

    def shown(self, cost: float) -> float:
        """A cost, or a difference of costs, in the measure's own unit."""
        return -cost if self.maximize else cost


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def choose_measure(
    outcome: Outcome, pattern: str | None, *, maximize: bool, by_accuracy: bool
) -> tuple[Measure, Measure | None]:
    """The measure that decides, and another one that is shown beside it.

    In this order: `--metric`; the evaluation loss that the probe saw; the number that stands
    beside a word such as "val acc" in what the script prints.

    Args:
        outcome: of the script as it is.
        pattern: what `--metric` gave.
        maximize: with a pattern: higher is better.
        by_accuracy: losses cannot be compared, since some arm changes the loss function.

    Raises:
        BadInputError: if there is nothing to judge by, with what to do.
    """
    curve = _curve(outcome)
    loss = Measure("loss", curve) if curve else None
    points = outcome.curves.get(curve) if curve else None
    accuracy = None
    if curve and points and points[-1][2] is not None:
        accuracy = Measure("accuracy", curve, maximize=True)
    if pattern is not None:
        measure = Measure("pattern", pattern=check_pattern(pattern), maximize=maximize)
        if not math.isfinite(measure.value(outcome)):
            raise BadInputError(
                f"`--metric`: `{pattern}` matches no number in what the script printed"
            )
        return measure, loss
    if loss is None:
        return _printed(outcome), None
    if by_accuracy and accuracy is not None:
        return accuracy, loss
    return loss, accuracy


def _printed(outcome: Outcome) -> Measure:
    """What the script prints of how good it is."""
    found = [p for p in find_printed(outcome.output) if p.held_out or not p.is_loss]
    best = [p for p in found if p.rank == found[0].rank]
    if not best:
        raise BadInputError(
            "nothing to judge by: no loss function was called on held-out data, and no number that"
            " the script prints stands beside a word such as `val acc`. Give what it prints:"
            r" --metric 'accuracy: ([\d.]+)' --maximize"
        )
    if len(best) > 1:
        choices = "\n".join(f"  {_option(p)}" for p in best)
        raise BadInputError(f"the script prints several numbers to judge by; give one:\n{choices}")
    (printed,) = best
    doubt = "" if printed.held_out else "nothing beside it says that its data were held out"
    return Measure(
        "pattern",
        pattern=printed.pattern,
        maximize=printed.maximize,
        label=printed.label,
        doubt=doubt,
        printed_loss=printed.is_loss,
    )


def _option(printed: Printed) -> str:
    return f"--metric {shlex.quote(printed.pattern)}{' --maximize' * printed.maximize}"


def check_pattern(pattern: str) -> str:
    """The pattern of `--metric` itself.

    Raises:
        BadInputError: if it is no regular expression with one group.
    """
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise BadInputError(f"`--metric` takes a regular expression: {error}") from None
    if groups != 1:
        raise BadInputError(
            f"`--metric` needs one group around the number: 'loss=([\\d.]+)', got `{pattern}`"
        )
    return pattern


def _curve(outcome: Outcome) -> str:
    """The evaluation made most often; of equals the one that comes last, as test data do."""
    best = ""
    for name, points in outcome.curves.items():
        if not best or len(points) >= len(outcome.curves[best]):
            best = name
    return best
