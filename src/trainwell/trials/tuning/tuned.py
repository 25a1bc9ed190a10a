"""What a search has found, as plain data."""

from __future__ import annotations

__all__ = ["Rescored", "TrialResult", "Tuned"]

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import optuna

from trainwell.trials.tuning.parameter import Values

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Rescored:
    """One setting on fresh seeds.

    Attributes:
        number: of its trial; None for the defaults.
        values: the setting.
        believed: its value in the search.
        each: its values on the fresh seeds that gave one.
        mean: of these; NaN without any.
        effect: mean difference from the defaults on the same seeds, in the measure's unit; NaN
            without defaults.
        low, high: 95 % interval of the effect.
        p: of the exact paired test that there is no effect.
    """

    number: int | None
    values: Values
    believed: float
    each: tuple[float, ...]
    mean: float
    effect: float = math.nan
    low: float = math.nan
    high: float = math.nan
    p: float = 1.0


@dataclass(frozen=True)
class TrialResult:
    """One trial.

    Attributes:
        number: in the study.
        state: "complete", "pruned", "diverged", "failed", "running" or "waiting".
        values: its setting.
        value: what it gave; None unless complete.
        seconds: of its script.
        error: why it failed, or "".
        is_default: the script as it is.
    """

    number: int
    state: str
    values: Values
    value: float | None
    seconds: float = 0.0
    error: str = ""
    is_default: bool = False


@dataclass(frozen=True)
class Tuned:
    """What a search has found.

    Attributes:
        study: its name; Optuna knows it by that.
        script: what was tuned.
        search: by which search.
        metric: what trials were compared by.
        maximize: higher is better.
        trials: all of them, given up ones left out.
        default: value of the script as it is; None without defaults.
        rescored: the best on fresh seeds, the best mean first, the defaults last.
        parameters: what was searched, as `--param` takes it.
        learned: learned parameters by layer, as far as they were seen.
        unused: parameters that did nothing, with the reason and how often.
        command: what runs the best setting, where arguments and environment are all it needs.
        stopped: why it ended early, or "".
        seconds: of this process.
        optuna_study: for whatever Optuna does with it.
    """

    study: str
    script: str
    search: str
    metric: str
    maximize: bool
    trials: tuple[TrialResult, ...]
    default: float | None
    rescored: tuple[Rescored, ...]
    parameters: tuple[str, ...]
    learned: tuple[tuple[str, int], ...] = ()
    unused: dict[str, tuple[str, int]] = field(default_factory=dict)
    command: str = ""
    stopped: str = ""
    seconds: float = 0.0
    optuna_study: optuna.Study | None = field(default=None, repr=False, compare=False)

    @property
    def best(self) -> TrialResult | None:
        """The best trial: on fresh seeds where those were run, else in the search."""
        again = next((r for r in self.rescored if r.number is not None), None)
        if again is not None and math.isfinite(again.mean):
            return next(t for t in self.trials if t.number == again.number)
        sign = -1.0 if self.maximize else 1.0
        complete = [t for t in self.trials if t.value is not None and not t.is_default]
        return min(complete, key=lambda t: sign * (t.value or 0.0), default=None)

    @property
    def holds(self) -> bool | None:
        """Whether the best is better than the defaults on fresh seeds; None when that is open.

        True and False when the 95 % interval of the difference lies on one side of 0, or all
        seeds agree to the last digit.
        """
        again = next((r for r in self.rescored if r.number is not None), None)
        if again is None or not math.isfinite(again.effect):
            return None
        better = (again.low > 0) if self.maximize else (again.high < 0)
        worse = (again.high <= 0) if self.maximize else (again.low >= 0)
        return True if better else False if worse else None

    @property
    def overtuning(self) -> float | None:
        """How much of the gain that the search believed in was its own luck; in [0, 1] mostly.

        1 minus the gain of the search's favourite on fresh seeds over the gain that it had in the
        search. None where there was no gain, or nothing was scored again.
        """
        tried = [r for r in self.rescored if r.number is not None]
        if not tried or self.default is None:
            return None
        sign = -1.0 if self.maximize else 1.0
        favourite = min(tried, key=lambda r: sign * r.believed)
        believed = sign * (self.default - favourite.believed)
        if not believed > 0 or not math.isfinite(favourite.effect):
            return None
        return 1 - (-sign * favourite.effect) / believed

    def count(self, state: str) -> int:
        """How many trials ended so."""
        return sum(t.state == state for t in self.trials)

    def to_frame(self) -> pd.DataFrame:
        """The trials as a table.

        Raises:
            ModuleNotFoundError: without pandas (pip install pandas).
        """
        import pandas as pd

        rows = [
            {
                "number": t.number,
                "state": t.state,
                "value": t.value,
                "seconds": t.seconds,
                **t.values,
            }
            for t in self.trials
        ]
        return pd.DataFrame(rows)
