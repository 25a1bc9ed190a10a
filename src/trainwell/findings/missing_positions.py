"""NET119 missing-positions."""

from __future__ import annotations

__all__ = ["MissingPositions"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Objective, Ordering, Run, Sighting, Undecided
from trainwell.record.examples import number
from trainwell.record.reading import harm, typical_update


@frozen
class MissingPositions(Finding):
    """Attention over words that nothing tells the words' positions, where their order matters.

    What it looks for:
        Networks of which every operation between the embedding of words and the loss treats all
        positions alike: no embedding or table of positions, no recurrence, no convolution, no
        causal mask, no bias of scores. That order matters is measured: equal words of one example
        have different targets, which such a network cannot tell apart, although words at some place
        tell the targets; or the loss stays high, and examples of similar words have different
        labels.

    Why it hurts:
        Attention alone sees a bag of words: "dog bites man" and "man bites dog" are the same.

    When it is not a fault:
        Sets and bags, where the order says nothing: there the network learns without positions.

    Thresholds:
        pairs: pairs of equal words that must have been compared.
        contradicted: share of them whose targets must differ.
        told_by_place: how much more often examples with the same word at some place have the same
            target, as a share: where no place tells anything, none is missed.
        harmed: how little the loss must have fallen (1 is not at all) where each example has one
            label.
        told: how well the words alone tell the label (0 is chance, 1 always) from which they are
            enough to learn from.
        steps: training steps before which a high loss says nothing.
        update: typical update relative to the weight, of the layer that moves most, below which it
            says nothing either.

    Sources:
        Vaswani et al. 2017, "Attention Is All You Need", section 3.5.
    """

    code: ClassVar[str] = "NET119"
    slug: ClassVar[str] = "missing-positions"
    causes: ClassVar[tuple[str, ...]] = (
        "unrelated-labels",
        "learning-rate-too-low",
        "learning-rate-too-high",
        "collapsed-activations",
        "vanishing-gradient",
        "overfitting",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("add_positions",)

    pairs: int = 20
    contradicted: float = 0.1
    told_by_place: float = 0.1
    harmed: float = 0.5
    told: float = 0.3
    steps: int = 60
    update: float = 1e-3

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the losses whose networks are blind to order."""
        for seen in run.orderings.values():
            objective = run.objectives.get(seen.objective)
            hurt = harm(run, objective)
            why = self._why(run, seen, objective, hurt)
            if not why:
                continue
            loss = run.losses.get(seen.loss)
            yield Sighting(
                seen.place if seen.place.line is not None or loss is None else loss.place,
                "nothing tells the network where a word stands: all operations behind this"
                f" embedding treat the {seen.length} positions alike, and {why}; add embeddings of"
                " positions to those of the words",
                0,
                "error",
                {"positions": seen.length, "pairs": seen.pairs, "contradicted": seen.contradicted},
                max(hurt, 0.8),
            )

    def _why(self, run: Run, seen: Ordering, objective: Objective | None, hurt: float) -> str:
        """Why order matters, in words; empty where that is not known."""
        contradicts = seen.pairs >= self.pairs and seen.contradicted >= self.contradicted
        if contradicts and seen.judged >= self.pairs and seen.told >= self.told_by_place:
            return (
                f"{seen.contradicted:.0%} of the pairs of equal words of one example have"
                " different targets, which it cannot tell apart"
            )
        if seen.pairs or objective is None or hurt < self.harmed or objective.steps < self.steps:
            return ""
        update = typical_update(run, objective)
        if update is not None and update < self.update:
            return ""  # it has hardly been trained
        for examples in run.examples_seen.values():
            share = examples.training.get("agreement")
            if examples.network not in objective.networks or share is None:
                continue
            chance = number(examples.training, "agreement_chance")
            chance = chance if examples.labels == "classes" else 0.0
            skill = (number(examples.training, "agreement") - chance) / max(1 - chance, 1e-9)
            if skill < self.told:
                return (
                    "the words alone hardly tell the labels (examples of similar words agree in"
                    f" {number(examples.training, 'agreement'):.0%}, chance is {chance:.0%})"
                )
        return ""
