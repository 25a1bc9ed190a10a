"""A Boltzmann machine that was fitted, as plain data."""

from __future__ import annotations

__all__ = ["Machine"]

from dataclasses import dataclass, field

from trainwell.record.facts import Place


@dataclass(frozen=True)
class Machine:
    """One fit of a machine of `trainwell.boltzmann`.

    Its looks are series of the record, over updates: "reconstruction_error", "pseudo_likelihood",
    "log_likelihood" (the middle of the bracket), "bracket" (its width), "largest_weight",
    "dead_hidden", "stuck_chains", "chain_distance"; see `trainwell.boltzmann.history.Moment`.

    Attributes:
        name: the class, such as "RBM".
        place: the line that called `fit`.
        algorithm: "pcd", "cd", "pt" or "exact".
        visible: the kind of the visible units.
        rows, columns: of the data.
        hidden: hidden units.
        learning_rate: at the start.
        low, high: the smallest and the largest value of the data, where they were refused.
        outside: share of the data outside [0, 1] where the units need that; 0 when they fit.
        updates: updates made.
        stopped: why it ended early: "early stopping", "callback", "interrupted", "diverged"; or
            None.
    """

    number: int
    name: str
    place: Place = field(default_factory=Place)
    algorithm: str = ""
    visible: str = ""
    rows: int = 0
    columns: int = 0
    hidden: int = 0
    learning_rate: float = 0.0
    low: float | None = None
    high: float | None = None
    outside: float = 0.0
    updates: int = 0
    stopped: str | None = None
