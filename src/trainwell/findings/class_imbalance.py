"""DAT106 class-imbalance."""

from __future__ import annotations

__all__ = ["ClassImbalance"]

import math
from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import LossCall, Run, Sighting, Undecided
from trainwell.record.reading import harm


@frozen
class ClassImbalance(Finding):
    """Targets of nearly one class only, and a network that answers with it whatever it is shown.

    What it looks for:
        The labels that the loss was given: their perplexity (the effective number of classes)
        against the number of outputs, and the share of the most common one; and the answers in the
        later half of the run: whether the other classes are found at all.

    Why it hurts:
        Always giving the common answer is nearly right, and the network learns just that.

    When it is not a fault:
        Rare classes that are found all the same; a loss with class weights, which is something done
        about it; labels of text or pictures' points, of which no class dominates.

    Thresholds:
        perplexity: effective number of classes, as a share of the outputs, under which the targets
            count as unbalanced.
        share: share of the most common class from which it dominates.
        recall: share of the other classes' examples that are answered rightly, from which all is
            well.
        examples: labels that must have been seen.

    Sources:
        TheDeepChecker (Ben Braiek & Khomh 2023): normalised label perplexity under 0.5; Buda, Maki
        & Mazurowski 2018, "A systematic study of the class imbalance problem".
    """

    code: ClassVar[str] = "DAT106"
    slug: ClassVar[str] = "class-imbalance"
    causes: ClassVar[tuple[str, ...]] = ("collapsed-activations", "overfitting", *SYMPTOMS)
    remedies: ClassVar[tuple[str, ...]] = ("weigh_classes", "resample_classes")

    perplexity: float = 0.75
    share: float = 0.8
    recall: float = 0.1
    examples: int = 128

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the loss whose targets are of one class."""
        for loss in run.losses.values():
            counts = {label: row[0] for label, row in loss.classes.items()}
            total = sum(counts.values())
            if loss.phase != "training" or total < self.examples or self._is_weighted(loss):
                continue
            if (
                sum(
                    c.function == loss.function and c.phase == "training"
                    for c in run.losses.values()
                )
                > 1
            ):
                # Real and fake examples may each have a call of their own.
                yield Undecided(f"{loss.function} is called from several lines")
                continue
            outputs = loss.prediction_shape[1] if len(loss.prediction_shape) > 1 else 2
            outputs = max(outputs, 2)
            shares = [c / total for c in counts.values() if c]
            effective = math.exp(-sum(s * math.log(s) for s in shares))
            common = max(counts, key=counts.__getitem__)
            if effective >= self.perplexity * outputs or max(shares) < self.share:
                continue
            others = [row for name, row in loss.classes.items() if name != common]
            seen, right = sum(row[1] for row in others), sum(row[3] for row in others)
            only = max(shares) == 1.0
            if not only and (not seen or right >= self.recall * seen):
                continue
            words = (
                f"all {total} labels seen are class {common}, of {outputs} that the network tells "
                "apart"
                if only
                else f"{max(shares):.1%} of the labels are class {common}, and of the other "
                f"classes' {seen} examples {right} are answered rightly"
            )
            yield Sighting(
                loss.place,
                f"the targets are nearly all of one class: {words}",
                0,
                "error",
                {"share": max(shares), "effective_classes": effective, "outputs": outputs},
                1.0 if only else max(0.5, harm(run, run.objective_of(loss))),
            )

    def _is_weighted(self, loss: LossCall) -> bool:
        return any(loss.options.get(name) for name in ("weight", "pos_weight"))
