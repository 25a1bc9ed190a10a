"""Tells how a search stands, whenever a trial begins or ends."""

from __future__ import annotations

__all__ = ["Reporter"]

import math
from collections import Counter, deque
from collections.abc import Callable

from optuna.trial import TrialState

from trainwell.trials.tuning.book import StudyBook, values_of
from trainwell.trials.tuning.parameter import Values
from trainwell.trials.tuning.plan import Standing

_RECENT = 8
"""Trials that are shown while a search runs."""


class Reporter:
    """Keeps what is told beside the study itself.

    Args:
        tell: is told.
        stage: what is being done at first, in words.

    Attributes:
        stage: what is being done now.
        most: trials that are asked for.
        default: value of the defaults, or None.
        failures: reasons of failed trials, and how often each.
        seconds: of the trials that ran to their end.
    """

    def __init__(self, tell: Callable[[Standing], None], stage: str, most: int) -> None:
        self.stage = stage
        self.most = most
        self.default: float | None = None
        self.failures: Counter[str] = Counter()
        self.seconds: list[float] = []
        self._tell = tell
        self._recent: deque[tuple[int, str, float | None, Values]] = deque(maxlen=_RECENT)

    def note(self, number: int, state: str, value: float | None, values: Values) -> None:
        """A trial has ended."""
        self._recent.append((number, state, value, values))

    def say(
        self, book: StudyBook | None, *, running: int = 0, size: int = 1, left: int | None = None
    ) -> None:
        """Tell.

        Args:
            book: of the study; None before there is one.
            running: trials of this process.
            size: how many can run at a time.
            left: how many runs are still to come; None: what is missing of the trials.
        """
        states = Counter(t.state for t in book.counted) if book is not None else Counter()
        best = book.best if book is not None else None
        if left is None:
            left = self.most - sum(states.values()) + states[TrialState.RUNNING]
        self._tell(
            Standing(
                stage=self.stage,
                trials=self.most,
                complete=states[TrialState.COMPLETE],
                pruned=states[TrialState.PRUNED],
                failed=states[TrialState.FAIL],
                running=running,
                best=None if best is None else best.value,
                default=self.default,
                best_values={} if best is None else values_of(best),
                left=self._time(max(0, left) / max(1, size)),
                failures=dict(self.failures),
                recent=tuple(self._recent),
            )
        )

    def _time(self, rounds: float) -> float | None:
        if not self.seconds:
            return None
        return math.fsum(self.seconds) / len(self.seconds) * rounds
