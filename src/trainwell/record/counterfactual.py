"""What other settings would have done: a fact of a run under `--probe`."""

from __future__ import annotations

__all__ = ["Counterfactual"]

from dataclasses import dataclass


@dataclass(frozen=True)
class Counterfactual:
    """What another setting brought, tried after the run with steps that it remembered (`--probe`).

    Attributes:
        objective: number of the objective.
        start: from the weights before the first update ("initial"), or after the last ("final").
        optimizer, learning_rate: what was tried; `factor` is the rate over the script's own.
        batches: of the script's batches, taken together for one step.
        steps: steps made; `run_steps` is how many the run itself made.
        before, after: loss over held back batches, before and after them; `spread` is how far
            `after` lies apart when the batches come in other orders.
        reached: the same loss at the end of the run itself.
        is_baseline: the script's own setting.
    """

    number: int
    objective: int
    start: str
    optimizer: str
    learning_rate: float
    factor: float
    batches: int
    steps: int
    run_steps: int
    before: float
    after: float
    spread: float
    reached: float
    is_baseline: bool

    def told(self) -> str:
        """What it brought: "300 steps at 10 times the rate bring the loss to 0.5"."""
        if self.batches > 1:
            what = f"on {self.batches} batches at once"
        elif self.is_baseline:
            what = "of the same"
        elif self.factor != 1:
            what = f"at {_times(self.factor)} the rate"
        else:
            what = f"of {self.optimizer} at {self.learning_rate:g}"
        more = " more" if self.start == "final" else ""
        return f"{self.steps}{more} steps {what} bring the loss to {self.after:.3g}"


def _times(factor: float) -> str:
    return f"{factor:g} times" if factor > 1 else f"a {1 / factor:g}th of"
