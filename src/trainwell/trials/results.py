"""From outcomes to results: every arm beside the script as it is."""

from __future__ import annotations

__all__ = ["leader", "results"]

import math
from collections.abc import Mapping, Sequence

from trainwell.trials.answer import ArmResult
from trainwell.trials.arms import AS_IT_IS, Arm
from trainwell.trials.confirming_race import ConfirmingRace
from trainwell.trials.job import Outcome
from trainwell.trials.measure import Measure
from trainwell.trials.race import Comparison, Race

Outcomes = Mapping[tuple[str, int], Outcome]


def results(
    arms: Mapping[str, Arm],
    races: Sequence[Race],
    outcomes: Outcomes,
    measure: Measure,
    other: Measure | None,
) -> list[ArmResult]:
    """The arms in their order, compared with the script as it is on their common seeds.

    Args:
        arms: by label.
        races: in which they were tested, in their order. Later races are only run where an earlier
            one found something, so that each keeps its own level. Arms in no race were run for
            another reason than to be proven.
        outcomes: by label and seed.
        measure: what decides.
        other: what is shown beside it.
    """
    values = {key: measure.cost(outcome) for key, outcome in outcomes.items()}
    compared: dict[str, Comparison] = {}
    for race in races:
        # An arm that was raced again was tested in its last race.
        compared |= {c.arm: c for c in race.beside(AS_IT_IS, values).comparisons()}
    for label in arms:
        if label not in compared:
            (alone,) = ConfirmingRace(AS_IT_IS, [label], values=values).comparisons()
            compared[label] = alone
    found = []
    for comparison in (compared[label] for label in arms):
        trials = [o for (label, _), o in sorted(outcomes.items()) if label == comparison.arm]
        numbers = [v for o in trials if math.isfinite(v := measure.value(o))]
        unused: dict[str, str] = {}
        for outcome in trials:
            unused |= outcome.unused
        found.append(
            ArmResult(
                label=comparison.arm,
                remedies=tuple(r.label for r in arms[comparison.arm].remedies),
                comparison=comparison,
                mean=math.fsum(numbers) / len(numbers) if numbers else math.nan,
                other=_beside(comparison.arm, outcomes, other),
                seconds=math.fsum(o.seconds for o in trials),
                unused=unused,
                error=next((o.error for o in trials if o.failed), ""),
            )
        )
    return found


def leader(found: list[ArmResult]) -> str | None:
    """The label of the arm that helps most; None when none does."""
    helping = [r for r in found if r.comparison.verdict == "helps"]
    best = min(helping, key=lambda r: r.comparison.effect, default=None)
    return None if best is None else best.label


def _beside(label: str, outcomes: Outcomes, other: Measure | None) -> float:
    """The mean difference of the other measure."""
    if other is None:
        return math.nan
    found = [
        other.value(outcome) - other.value(outcomes[AS_IT_IS, seed])
        for (arm, seed), outcome in outcomes.items()
        if arm == label and (AS_IT_IS, seed) in outcomes
    ]
    finite = [v for v in found if math.isfinite(v)]
    return math.fsum(finite) / len(finite) if finite else math.nan
