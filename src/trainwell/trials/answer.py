"""What a treatment found out, as data."""

from __future__ import annotations

__all__ = ["Answer", "ArmResult"]

import math
from dataclasses import dataclass, field
from textwrap import fill
from typing import TYPE_CHECKING, Any

from trainwell.trials.measure import Measure
from trainwell.trials.patch import Patch
from trainwell.trials.race import Comparison

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from trainwell.diagnosis import Diagnosis


@dataclass(frozen=True)
class ArmResult:
    """One arm beside the script as it is.

    Attributes:
        label: its remedies, as `--with` takes them, with ` + ` between.
        remedies: their labels.
        comparison: in costs: lower is better.
        mean: mean of the measure over its trials, in the measure's own unit.
        other: mean difference of the other measure, or NaN.
        seconds: wall time of its trials together.
        unused: remedies that did nothing in some trial, with the reason.
        error: the error of its failed trials, or "".
        doubts: why its gain is none, though the numbers say that it helps.
    """

    label: str
    remedies: tuple[str, ...]
    comparison: Comparison
    mean: float
    other: float
    seconds: float
    unused: dict[str, str] = field(default_factory=dict)
    error: str = ""
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """The answer of `trainwell treat`.

    Attributes:
        id: the treatment's name in the record.
        script: path of the script.
        measure: what the arms are compared by.
        other: what is shown beside it, or None.
        diagnosis: of the script as it is.
        baseline: values of the measure by seed, of the script as it is.
        arms: those that were tried, in the order of the trials.
        winner: the arm that helps most, or None.
        patch: of the winner, or None.
        unfit: names of remedies that were not tried, with the reason.
        runs: trials that were made.
        seconds: wall time from begin to end.
        stopped: why it ended early, or "".
        shared_files: files that all trials write, since the script names them by whole paths.
        deterministic: the script gives one result on all seeds.
        proven_after: trials that were made when a remedy was proven first; None when none was.
        quick: one remedy was looked at on one seed: a winner is not proven.
    """

    id: str
    script: str
    measure: Measure | None
    other: Measure | None
    diagnosis: Diagnosis
    baseline: dict[int, float]
    arms: tuple[ArmResult, ...]
    winner: ArmResult | None = None
    patch: Patch | None = None
    unfit: dict[str, str] = field(default_factory=dict)
    runs: int = 0
    seconds: float = 0.0
    stopped: str = ""
    shared_files: tuple[str, ...] = ()
    deterministic: bool = False
    proven_after: int | None = None
    quick: bool = False

    def __repr__(self) -> str:
        """The verdict in one line."""
        if self.winner is None:
            return f"no remedy helped ({len(self.arms)} tried, {self.runs} trials)"
        found = self.winner.comparison
        assert self.measure is not None
        low, high = self.bounds(found)
        effect = f"{self.measure.name} {self.measure.shown(found.effect):+.3g}"
        if self.quick:
            return f"{self.winner.label}: {effect} on one seed, not proven"
        return f"{self.winner.label}: {effect} [{low:+.3g}, {high:+.3g}], {found.seeds} seeds"

    def bounds(self, comparison: Comparison) -> tuple[float, float]:
        """The interval of an effect in the measure's own unit."""
        assert self.measure is not None
        ends = (self.measure.shown(comparison.low), self.measure.shown(comparison.high))
        return min(ends), max(ends)

    def to_frame(self) -> pd.DataFrame:
        """One row an arm: remedy, effect, low, high, p, seeds, verdict, mean, seconds.

        Raises:
            ImportError: if pandas is missing, with the command that installs it.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError("a data frame needs pandas: pip install pandas") from error
        return pd.DataFrame(self.rows())

    def rows(self) -> list[dict[str, Any]]:
        """The arms as plain rows."""
        rows = []
        for result in self.arms:
            found = result.comparison
            assert self.measure is not None
            low, high = self.bounds(found)
            rows.append(
                {
                    "remedy": result.label,
                    "effect": self.measure.shown(found.effect),
                    "low": low,
                    "high": high,
                    "p": found.p,
                    "better": found.better,
                    "seeds": found.seeds,
                    "verdict": found.verdict,
                    "mean": result.mean,
                    "seconds": result.seconds,
                }
            )
        return rows

    def plot(self) -> Figure:
        """Effects and their intervals, one line an arm.

        Raises:
            ImportError: if matplotlib is missing, with the command that installs it.
        """
        try:
            from matplotlib.figure import Figure
        except ImportError as error:
            raise ImportError("a plot needs matplotlib: pip install 'trainwell[plots]'") from error
        rows = self.rows()[::-1]
        labels = [fill(f"{r['remedy']}  (n={r['seeds']})", 44) for r in rows]
        lines = max((label.count("\n") + 1 for label in labels), default=1)
        figure = Figure(figsize=(9, 1.2 + len(rows) * (0.16 + 0.14 * lines)), layout="constrained")
        axes = figure.subplots()
        colours = {"helps": "tab:green", "hurts": "tab:red"}
        for y, row in enumerate(rows):
            ends = (row["low"], row["high"])
            colour = colours.get(row["verdict"], "tab:gray")
            if all(map(math.isfinite, ends)):
                axes.plot(ends, (y, y), color=colour, linewidth=2)
            axes.plot(row["effect"], y, "o", color=colour)
        axes.axvline(0, color="black", linewidth=0.8)
        axes.set_yticks(range(len(rows)), labels, fontsize=8)
        assert self.measure is not None
        direction = "higher" if self.measure.maximize else "lower"
        axes.set_xlabel(f"change of the {self.measure.name} ({direction} is better), 95 % interval")
        return figure
