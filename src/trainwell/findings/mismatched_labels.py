"""DAT113 mismatched-labels."""

from __future__ import annotations

__all__ = ["MismatchedLabels"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Examples, Place, Run, Sighting, Undecided
from trainwell.record.examples import number


@frozen
class MismatchedLabels(Finding):
    """Labels that mean something else for a part of the examples, or in evaluation.

    What it looks for:
        Whether examples have the label of their five nearest training examples: two classes that
        are exchanged in evaluation; labels of evaluation examples that agree with each other but
        not with training; labels that agree far less on one side than on the other; a part of the
        training data set, by its rows, whose labels do not agree; labels of the evaluation that
        training never had; and targets that go together with those of similar training examples
        but vary many times as much.

    Why it hurts:
        Wrong labels in training are learned; wrong ones in evaluation hide what was learned. Either
        way the evaluation is bad, and no setting mends it.

    When it is not a fault:
        Evaluation on harder or other data on purpose. Noise that is the same on both sides is not
        reported: nothing tells it from a hard problem.

    Thresholds:
        gap: difference of the agreement between the two sides from which labels count as wrong on
            one of them.
        kept: agreement on the better side from which the neighbours are trusted.
        rows: labelled examples that must be known on a side.
        block: agreement of a part of the data set, as a share of that of the best part, under
            which its labels do not fit.
        unseen: share of the evaluation with a label that training never had.
        factor: how many times as much evaluation targets must vary.
        noisy: ratio of the inputs' deviations on both sides from which noise in the inputs, or
            other data, may be why labels agree less.
        repeats: share of examples that must come again unchanged, else training is augmented.

    Sources:
        Northcutt, Athalye & Mueller 2021, "Pervasive label errors in test sets"; Cover & Hart 1967,
        "Nearest neighbor pattern classification".
    """

    code: ClassVar[str] = "DAT113"
    slug: ClassVar[str] = "mismatched-labels"
    causes: ClassVar[tuple[str, ...]] = ("overfitting", *SYMPTOMS)
    remedies: ClassVar[tuple[str, ...]] = ("check_labels",)

    gap: float = 0.15
    kept: float = 0.6
    rows: int = 60
    block: float = 0.6
    unseen: float = 0.04
    factor: float = 3.0
    noisy: float = 1.12
    repeats: float = 0.1

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield what is wrong with the labels of each network."""
        for examples in run.examples_seen.values():
            place = examples.evaluation_place or examples.place
            yield from self._unseen(run, examples, place)
            if number(examples.training, "rows") < self.rows:
                continue
            found = self._exchanged(examples, place) or self._factor(examples, place)
            found = found or self._block(examples) or self._one_side(examples, place)
            if found is not None:
                yield found

    def _unseen(self, run: Run, examples: Examples, place: Place) -> Iterator[Sighting]:
        calls = [c for c in run.losses.values() if c.phase == "training"]
        trained = {label for c in calls for label, row in c.classes.items() if row[0]}
        for label, share in examples.unseen.items():
            # As many training examples would hold the label five times, were it as frequent.
            few = number(examples.training, "draws") * share < 5
            if share < self.unseen or few or label in trained:
                continue
            yield Sighting(
                place,
                f"label {label} makes up {share:.0%} of the evaluation and never came in training",
                0,
                "error" if share >= 2 * self.unseen else "warning",
                {"label": label, "share": share},
                min(1.0, 0.5 + share),
            )

    def _exchanged(self, examples: Examples, place: Place) -> Sighting | None:
        train, other = examples.training, examples.evaluation
        own, across = number(other, "own_agreement"), number(other, "agreement")
        if examples.labels != "classes" or number(train, "agreement") < self.kept:
            return None
        if examples.order or number(other, "rows") < self.rows:
            # Columns in another order make strangers of the neighbours.
            return None
        if examples.swapped:
            worst = examples.swapped[0]
            one, two = number(worst, "one"), number(worst, "other")
            return Sighting(
                place,
                f"the labels {one:g} and {two:g} are exchanged between training and evaluation: "
                f"{number(worst, 'share'):.0%} of the evaluation examples labelled {one:g} lie "
                f"among training examples labelled {two:g}, {number(worst, 'returned'):.0%} the "
                "other way round",
                0,
                "error",
                {**worst},
                0.9,
            )
        if own < self.kept or across > own - 2 * self.gap:
            return None
        return Sighting(
            place,
            f"evaluation labels do not mean what training labels do: {own:.0%} of the evaluation "
            f"examples have the label of the evaluation examples nearest to them, and {across:.0%} "
            f"that of the nearest training examples ({number(train, 'agreement'):.0%} in training)",
            0,
            "error",
            {"own_agreement": own, "agreement": across},
            0.9,
        )

    def _factor(self, examples: Examples, place: Place) -> Sighting | None:
        other = examples.evaluation
        together, factor = number(other, "together"), number(other, "factor")
        if examples.labels != "numbers" or together < self.kept or factor <= 0:
            return None
        if 1 / self.factor < factor < self.factor:
            return None
        return Sighting(
            place,
            f"evaluation targets vary {factor:.3g} times as much as those of similar training "
            f"examples (mean {number(other, 'label_mean'):.3g}, in training "
            f"{number(examples.training, 'label_mean'):.3g}): they are in another unit",
            0,
            "error",
            {"factor": factor, "correlation": together},
            0.9,
        )

    def _block(self, examples: Examples) -> Sighting | None:
        shares = [(number(b, "agreement"), b) for b in examples.blocks]
        if not shares:
            return None
        best, worst = max(s for s, _ in shares), min(shares, key=lambda s: s[0])
        if best < self.kept or worst[0] >= self.block * best:
            return None
        bad = [b for s, b in shares if s < self.block * best]
        return Sighting(
            examples.place,
            f"the labels of rows {bad[0]['first']} to {bad[-1]['last']} of the training data agree "
            f"with those of similar examples in {worst[0]:.0%} of the cases, where other rows do in"
            f" {best:.0%}: they belong to other examples",
            0,
            "error",
            {"agreement": worst[0], "best": best},
            0.8,
        )

    def _one_side(self, examples: Examples, place: Place) -> Sighting | None:
        other = examples.evaluation
        if "agreement" not in other or number(other, "rows") < self.rows or examples.order:
            return None
        # Whatever tells the labels better: neighbours, or a line.
        pairs = [(number(examples.training, k), number(other, k)) for k in ("agreement", "linear")]
        train, across = max(pairs, key=max)
        low, high = min(train, across), max(train, across)
        if high < self.kept or high - low < self.gap:
            return None
        if not 1 / self.noisy < examples.spread < self.noisy:
            # Noise in the inputs of one side makes its neighbours worse, not its labels.
            return None
        if number(examples.training, "repeats") < self.repeats:
            # Augmented anew at every pass.
            return None
        own = number(other, "own_agreement")
        if examples.labels == "numbers" and across < train:
            return None
        if across < train and (own > across + self.gap / 2 or examples.columns):
            # Other data, or data on another scale.
            return None
        side = "training" if train < across else "evaluation"
        return Sighting(
            examples.place if side == "training" else place,
            f"{1 - low:.0%} of the {side} labels contradict those of similar training examples, "
            f"and {1 - high:.0%} on the other side: many {side} labels are wrong",
            0,
            "error" if high - low >= 2 * self.gap else "warning",
            {"training": train, "evaluation": across},
            min(1.0, 2 * (high - low)),
        )
