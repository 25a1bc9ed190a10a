"""How far a network got: against an uninformed guess, and against its own training data."""

from __future__ import annotations

__all__ = ["Standing", "standing"]

import math
from collections.abc import Callable
from dataclasses import dataclass

from trainwell.record.facts import Evaluation, LossCall, Objective
from trainwell.record.reading import (
    is_one_curve,
    is_taught,
    swings_about_zero,
    uninformed_loss,
)
from trainwell.record.run import Run
from trainwell.record.series import Series

_NEAR = 0.97
"""Share of the uninformed loss above which nothing of use was learned."""

_FEWEST = 20
"""Answers that must have been seen before an accuracy is told."""

_SAME = 0.999
"""Share of one class from which there are no classes to tell apart."""

_LAST = 3
"""Looks at the end of which the training accuracy is the mean."""

_SOME = 100
"""Answers that those looks have, about."""


@dataclass(frozen=True)
class Standing:
    """One sentence, and what it comes to.

    Attributes:
        text: without a full stop; "" where nothing can be said.
        informed: whether the network does better than a guess that knows only the targets; None
            where that cannot be told.
    """

    text: str = ""
    informed: bool | None = None


def standing(run: Run) -> Standing:
    """Say how well the training went, by what was measured.

    Args:
        run: its accuracy at evaluation is told where a classifier's answers were seen, else its
            losses; what the guess would get is told beside them.
    """
    objectives = [o for o in run.objectives.values() if o.steps]
    if not objectives:
        return Standing()
    # What was trained last is what the script was after: fine-tuning follows pre-training.
    main = max(objectives, key=lambda o: (max(run.loss(o.number).steps, default=-1), o.steps))
    if not is_one_curve(run, main) or is_taught(main):
        # Rivals, folds, policies: their losses say little, and a guess is no measure for them.
        end = run.loss(main.number).end()
        known = math.isfinite(end) and not swings_about_zero(run, main)
        return Standing(f"training loss {end:.3g}") if known else Standing()
    return _by_accuracy(run, main) or _by_loss(run, main)


def _by_accuracy(run: Run, main: Objective) -> Standing | None:
    calls = [c for c in run.losses.values() if c.classes]
    own = [c for c in calls if c.phase == "training" and c.objective == main.number]
    trained = _trained(run, own)
    last = _last(run, lambda e: e.accuracy is not None)
    guess = _most_frequent([c for c in calls if c.phase == "evaluation"]) or _most_frequent(own)
    if guess is None or guess > _SAME:
        return None
    if last is not None and last.accuracy is not None:
        text = f"evaluation accuracy {last.accuracy:.0%} ({_guess(guess)})"
        text += "" if trained is None else f", training {trained:.0%}"
        return Standing(text, _beats(last.accuracy, guess, last.examples))
    if trained is None:
        return None
    text = f"training accuracy {trained:.0%} ({_guess(guess)}); nothing was evaluated"
    return Standing(text, _beats(trained, guess, _SOME))


def _trained(run: Run, calls: list[LossCall]) -> float | None:
    """Accuracy in training at the last looks."""
    values = [v for c in calls for v in run.series("loss", c.number, "accuracy").last(_LAST)]
    return sum(values) / len(values) if len(values) >= 2 else None


def _most_frequent(calls: list[LossCall]) -> float | None:
    """Share of the most frequent class among the targets."""
    seen = [sum(row[0] for row in c.classes.values()) for c in calls]
    if not seen or max(seen) < _FEWEST:
        return None
    rows = calls[seen.index(max(seen))].classes.values()
    return max(row[0] for row in rows) / max(seen)


def _guess(share: float) -> str:
    return f"the most frequent class alone gives {share:.0%}"


def _beats(accuracy: float, guess: float, count: int) -> bool:
    # Two standard errors of a guess on as many examples.
    return accuracy > guess + 2 * math.sqrt(guess * (1 - guess) / max(count, 1))


def _by_loss(run: Run, main: Objective) -> Standing:
    end = run.loss(main.number).end()
    if not math.isfinite(end):
        return Standing()
    functions = {c.function for c in run.losses.values() if c.objective == main.number}
    last = _last(run, lambda e: e.function in functions and math.isfinite(e.loss))
    text = f"training loss {end:.3g}; nothing was evaluated"
    if last is not None:
        text = f"evaluation loss {last.loss:.3g}, training {end:.3g}"
    share = _explained(run, functions, "evaluation") or _explained(run, functions, "training")
    if share is not None:
        text += f"; the outputs explain {max(share, 0):.0%} of what differs between examples"
        return Standing(text, share > 1 - _NEAR)
    uninformed = uninformed_loss(run, main)
    if uninformed is None or uninformed <= 0:
        return Standing(text)
    judged = end if last is None else last.loss
    text += f" (the share of each class alone gives {uninformed:.3g})"
    return Standing(text, judged < _NEAR * uninformed)


def _explained(run: Run, functions: set[str], phase: str) -> float | None:
    """What the predictions explain at the last looks, of the call that was measured most often."""
    series = [
        run.series("loss", c.number, "explained")
        for c in run.losses.values()
        if c.function in functions and c.phase == phase
    ]
    values = max(series, key=len, default=Series()).last(_LAST)
    return sum(values) / len(values) if len(values) >= 2 else None


def _last(run: Run, wanted: Callable[[Evaluation], bool]) -> Evaluation | None:
    """The latest evaluation of the curve with the most examples."""
    found = [e for e in run.evaluations.values() if wanted(e)]
    if not found:
        return None
    keys: dict[str, int] = {}
    for each in found:
        keys[each.key] = keys.get(each.key, 0) + each.examples
    key = max(keys, key=lambda k: keys[k])
    return max((e for e in found if e.key == key), key=lambda e: (e.step, e.number))
