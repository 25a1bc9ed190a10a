"""DAT113 mismatched-labels."""

from __future__ import annotations

__all__ = ["MismatchedLabels"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Examples, Place, Run, Sighting, Undecided
from trainwell.record.examples import number, skills, ways


@frozen
class MismatchedLabels(Finding):
    """Labels that mean something else for a part of the examples, or in evaluation.

    What it looks for:
        Whether labels follow from the five nearest training examples, or from a linear fit: two
        classes exchanged in evaluation; labels that agree among the evaluation examples but not
        with training, or far less on one side; a part of the training data set, by its rows, whose
        labels do not agree; labels that training never had; targets that vary many times as much.

    Why it hurts:
        Wrong labels in training are learned; wrong ones in evaluation hide what was learned.

    When it is not a fault:
        Evaluation on harder data on purpose. Noise on both sides is not told from a hard problem.

    Thresholds:
        gap: difference of the agreement between the two sides from which labels count as wrong on
            one of them.
        kept: agreement on the better side from which the neighbours are trusted.
        rows: labelled examples that must be known on a side.
        block: agreement of a part of the data set, as a share of that of the best part, under
            which its labels do not fit.
        unseen: share of the evaluation with a label that training never had.
        factor: how many times as much evaluation targets must vary.
        skill: skill (0 is chance, 1 perfect) from which labels follow from others, and how much of
            it must be missing when they are told from training.
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
    skill: float = 0.4
    noisy: float = 1.12
    repeats: float = 0.1

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield what is wrong with the labels of each network."""
        for examples in run.examples_seen.values():
            place = examples.evaluation_place or examples.place
            yield from self._unseen(run, examples, place)
            if number(examples.training, "rows") < self.rows:
                continue
            found = self._factor(run, examples, place) or self._exchanged(run, examples, place)
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

    def _exchanged(self, run: Run, e: Examples, place: Place) -> Sighting | None:
        if e.order or number(e.evaluation, "rows") < self.rows:
            # Columns in another order make strangers of the neighbours.
            return None
        if e.swapped and number(e.training, "agreement") >= self.kept:
            worst = e.swapped[0]
            one, two = number(worst, "one"), number(worst, "other")
            there, back = number(worst, "share"), number(worst, "returned")
            message = (
                f"the labels {one:g} and {two:g} are exchanged between training and evaluation: "
                f"{there:.0%} of the evaluation examples labelled {one:g} lie among training "
                f"examples labelled {two:g}, {back:.0%} the other way round"
            )
            return Sighting(place, message, 0, "error", {**worst}, 0.9)
        for by in ways(e):
            what = "their nearest" if by == "agreement" else "a linear fit to"
            train, own, across = skills(e, by)
            if not (min(train, own) >= self.skill and across <= own - self.skill):
                continue
            if e.labels == "classes" or self._is_lost(run, e):
                message = (
                    f"evaluation labels do not go with the inputs as training labels do: by {what} "
                    f"examples they are told with a skill of {own:.0%} from the evaluation itself,"
                    f" of {across:.0%} from training ({train:.0%} in training; 0 % is chance)"
                )
                return Sighting(place, message, 0, "error", {"own": own, "across": across}, 0.9)
        return None

    def _is_lost(self, run: Run, e: Examples) -> bool:
        """Whether the network explains little of the evaluation's numbers."""
        spread = number(e.evaluation, "label_std") ** 2
        losses = [x.loss for x in run.evaluations.values() if x.function == "mse_loss"]
        return bool(losses) and losses[-1] >= 0.3 * spread > 0

    def _factor(self, run: Run, e: Examples, place: Place) -> Sighting | None:
        before, after = number(e.training, "label_std"), number(e.evaluation, "label_std")
        factor = number(e.evaluation, "factor")
        if e.labels != "numbers" or number(e.evaluation, "rows") < self.rows:
            return None
        # A fit to labels that do not follow from the inputs is flat.
        told = [number(e.training, by) for by in ways(e)]
        if min(number(e.evaluation, "together"), max(told)) < self.kept:
            factor = after / before if before > 0 and self._is_lost(run, e) else 1.0
        if 1 / self.factor < factor < self.factor or factor <= 0:
            return None
        return Sighting(
            place,
            f"evaluation targets vary {factor:.3g} times as much as training targets do (mean "
            f"{number(e.evaluation, 'label_mean'):.3g}, in training "
            f"{number(e.training, 'label_mean'):.3g}): they are in another unit",
            0,
            "error",
            {"factor": factor},
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
        told = [(number(examples.training, k), k) for k in ways(examples)]
        pairs = [(train, number(other, k)) for train, k in told]
        pairs += [(t, own) for t, k in told if (own := number(other, f"own_{k}")) > t]
        train, across = max(pairs, key=max)
        low, high = min(train, across), max(train, across)
        # Training may be taken from several times or sources on purpose: there it must be much.
        if high < self.kept or high - low < (self.gap if across < train else 2 * self.gap):
            return None
        # Noise in the inputs of one side makes its neighbours worse, not its labels; and so does
        # augmentation anew at every pass.
        repeats = number(examples.training, "repeats")
        if not 1 / self.noisy < examples.spread < self.noisy or repeats < self.repeats:
            return None
        own = number(other, "own_agreement")
        strange = own > across + self.gap / 2 or examples.columns or examples.labels == "numbers"
        if across < train and strange:  # other data, or data on another scale
            return None
        side = "training" if train < across else "evaluation"
        return Sighting(
            examples.place if side == "training" else place,
            f"{1 - max(low, 0):.0%} of the {side} labels contradict those of similar training "
            f"examples, and {1 - high:.0%} on the other side: many {side} labels are wrong",
            0,
            "error" if high - low >= 2 * self.gap else "warning",
            {"training": train, "evaluation": across},
            min(1.0, 2 * (high - low)),
        )
