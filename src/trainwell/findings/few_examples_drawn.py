"""DAT111 few-examples-drawn."""

from __future__ import annotations

__all__ = ["FewExamplesDrawn"]

import math
from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Examples, Loader, Run, Sighting, Undecided
from trainwell.record.examples import number


@frozen
class FewExamplesDrawn(Finding):
    """Training that only ever sees a few of the examples that there are.

    What it looks for:
        The rows of the data set that a `DataLoader` drew over the whole run, against as many draws
        at random; the number of weights that a `WeightedRandomSampler` was given; loaders that
        give no batch at all; and, whatever makes the batches, the same few examples again and again
        while the network does far worse on others.

    Why it hurts:
        The network learns these few by heart and nothing of the rest, however large the data set is
        and however many epochs are trained.

    When it is not a fault:
        A sampler that is given a list of rows is judged by that list; rows that another loader of
        the same data set draws (a validation split) are not missed.

    Thresholds:
        share: different rows drawn, as a share of what as many draws at random would bring, under
            which they count as few.
        missed: share of the data set that no loader drew, from which it is reported.
        dropped: share of the data set that `drop_last` leaves out at every pass, from which it is.
        same: different examples that count as few where no loader is used.
        looks: batches that must have been looked at there.

    Sources:
        The documentation of `torch.utils.data.WeightedRandomSampler` (one weight an example); its
        most frequent misuse on the PyTorch forum is one weight a class.
    """

    code: ClassVar[str] = "DAT111"
    slug: ClassVar[str] = "few-examples-drawn"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = (
        "class-imbalance",
        "unshuffled-batches",
        "constant-feature",
        "mismatched-labels",
        "mismatched-columns",
        "overfitting",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("draw_all_examples",)

    share: float = 0.25
    missed: float = 0.5
    dropped: float = 0.2
    same: int = 64
    looks: int = 16

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the loaders that draw too few rows."""
        judged = [found for x in run.loaders.values() if (found := self._judge(x)) is not None]
        yield from judged
        for examples in [] if judged else run.examples_seen.values():
            if self._is_one_batch(run, examples):
                yield self._one_batch(examples)

    def _judge(self, loader: Loader) -> Sighting | None:
        length, place = loader.length, loader.built_place or loader.place
        if not length:
            return None
        evidence = {"examples": length, "drawn": loader.drawn, "draws": loader.draws}
        if loader.iterators and not loader.read:
            why = f"drop_last leaves out its only batch of {length}" if loader.drop_last else ""
            words = f"the loader of {length} examples gave no batch in {loader.iterators} passes"
            message = f"{words}: {why}" if why else words
            return Sighting(place, message, 0, "error", {"examples": length}, 1.0)
        if not loader.trains or not loader.drawn:
            return None
        if loader.weights is not None and loader.weights != length:
            message = (
                f"training drew {loader.drawn:,} of {length:,} examples in {loader.draws:,} draws: "
                f"the sampler was given {loader.weights:,} weights, and wants one for every example"
            )
            where = loader.sampler_place or place
            return Sighting(
                where, message, 0, "error", {**evidence, "weights": loader.weights}, 1.0
            )
        offered = loader.choices or length
        likely = offered * (1 - math.exp(-loader.draws / offered))
        absent = (offered - loader.drawn - (0 if loader.choices else loader.elsewhere)) / offered
        if loader.drawn < self.share * likely and absent >= self.missed:
            once = "" if loader.read > loader.iterators else ", each of which made one batch"
            message = (
                f"training drew {loader.drawn:,} of {offered:,} examples in {loader.draws:,} draws "
                f"({loader.iterators:,} passes of {loader.sampler}{once})"
            )
            return Sighting(loader.sampler_place or place, message, 0, "error", evidence, 1.0)
        if loader.drop_last and loader.in_order and absent >= self.dropped:
            message = (
                f"drop_last leaves out the same {absent:.0%} of {length:,} examples at every pass: "
                f"a batch holds {loader.batch_size}"
            )
            return Sighting(place, message, 0, "warning", evidence, absent)
        return None

    def _is_one_batch(self, run: Run, examples: Examples) -> bool:
        train, other = examples.training, examples.evaluation
        looks, different = number(train, "looks"), number(train, "different")
        # A single one means that all inputs are alike, which is no matter of what is drawn.
        if looks < self.looks or not 1 < different <= self.same:
            return False
        if number(other, "different") < 2 * different or number(train, "draws") < 8 * different:
            return False
        worse = [
            e
            for e in run.evaluations.values()
            if e.training_loss is not None and e.loss > 2 * abs(e.training_loss) + 0.05
        ]
        return bool(worse) and worse[-1].number >= len(run.evaluations) - 3

    def _one_batch(self, examples: Examples) -> Sighting:
        different = int(number(examples.training, "different"))
        draws = int(number(examples.training, "draws"))
        return Sighting(
            examples.place,
            f"training sees the same {different} examples again and again ({draws:,} looked at),"
            " and the network does far worse on others",
            0,
            "warning",
            {"different": different, "draws": draws},
            0.9,
        )
