"""DAT112 unrelated-labels."""

from __future__ import annotations

__all__ = ["UnrelatedLabels"]

import math
from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Examples, Run, Sighting, Undecided
from trainwell.record.examples import number


@frozen
class UnrelatedLabels(Finding):
    """Inputs that tell nothing of their labels: labels and examples do not belong together.

    What it looks for:
        Whether anything predicts the labels of remembered training examples: the five nearest other
        examples, a linear fit, and the network itself on evaluation data. All three must be no
        better than chance, which is what a permutation of the labels would give.

    Why it hurts:
        There is nothing to learn but the examples by heart. More epochs, another rate or a larger
        network change nothing.

    When it is not a fault:
        Labels that are a game of chance by nature; rules that neither neighbours nor lines see,
        such as the parity of many bits, as long as the network itself has not found them.

    Thresholds:
        sigmas: standard errors above chance under which neighbours and the linear fit count as no
            better than it.
        rows: labelled training examples that must be known.
        most: share of one label above which the others are too few to tell.
        better: how far the best evaluation loss may lie below that of an uninformed guess, relative
            to it.

    Sources:
        Ojala & Garriga 2010, "Permutation tests for studying classifier performance", test 1; Zhang
        et al. 2017, "Understanding deep learning requires rethinking generalization" (networks
        learn random labels by heart).
    """

    code: ClassVar[str] = "DAT112"
    slug: ClassVar[str] = "unrelated-labels"
    causes: ClassVar[tuple[str, ...]] = (
        "overfitting",
        "learning-rate-too-low",
        "learning-rate-too-high",
        "collapsed-activations",
        "off-centre-activation",
        "constant-feature",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("pair_labels",)

    sigmas: float = 3.0
    rows: int = 150
    most: float = 0.8
    better: float = 0.1

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the networks whose labels nothing predicts."""
        for examples in run.examples_seen.values():
            train = examples.training
            if not examples.labels or "linear_sigmas" not in train:
                continue
            if number(train, "rows") < self.rows:
                yield Undecided("too few labelled examples are known to tell what inputs say")
                continue
            shares = train.get("classes")
            if isinstance(shares, dict) and any(
                number(shares, label) > self.most for label in shares
            ):
                yield Undecided("nearly all examples have one label: too few others to judge by")
                continue
            sides = (train, examples.evaluation)
            known = [number(s, k) for s in sides for k in ("agreement_sigmas", "linear_sigmas")]
            if max(known) >= self.sigmas or not self._is_at_chance(run, examples):
                continue
            yield self._sighting(run, examples)

    def _is_at_chance(self, run: Run, examples: Examples) -> bool:
        """Whether the network never did better on evaluation data than an uninformed guess."""
        other = examples.evaluation
        if examples.labels == "classes" and "accuracy" in other:
            shares = other.get("classes")
            listed = [number(shares, k) for k in shares] if isinstance(shares, dict) else []
            most = max(listed, default=1.0)
            error = math.sqrt(most * (1 - most) / max(number(other, "rows"), 1))
            return number(other, "accuracy") <= most + self.sigmas * error
        guess = number(other, "label_std") ** 2
        losses = [e.loss for e in run.evaluations.values() if e.function == "mse_loss"]
        return bool(losses) and guess > 0 and min(losses) >= (1 - self.better) * guess

    def _sighting(self, run: Run, examples: Examples) -> Sighting:
        train = examples.training
        share, chance = number(train, "agreement"), number(train, "agreement_chance")
        linear = number(train, "linear")
        if examples.labels == "classes":
            seen = (
                f"{share:.0%} of {int(number(train, 'rows'))} training examples have the label of "
                f"their nearest others, and a linear fit gets {linear:.0%} right, where chance "
                f"gives {chance:.0%}"
            )
        else:
            seen = (
                f"neither their nearest others nor a linear fit explain the targets of "
                f"{int(number(train, 'rows'))} training examples"
            )
        # Raw pixels and words are far from what a network makes of them.
        plain = examples.kind == "numbers"
        place = examples.place
        why = "labels seem to belong to other examples"
        loaders = [x.built_place for x in run.loaders.values() if x.trains and x.built_place]
        if loaders:
            place = loaders[0]
        if examples.text_order:
            place = examples.text_order_place or place
            why = (
                f"`{examples.text_order}` is in the order of text (0, 1, 10, 2), labels hardly are"
            )
        if examples.mended:
            way, mended = max(examples.mended.items(), key=lambda pair: pair[1])
            why += f"; with the label of {way}, {mended:.0%} agree"
        return Sighting(
            place,
            f"the inputs tell nothing of their labels: {seen}, and the network is at chance on "
            f"evaluation data: {why}",
            0,
            "error" if plain else "warning",
            {"agreement": share, "chance": chance, "linear": linear},
            1.0,
        )
