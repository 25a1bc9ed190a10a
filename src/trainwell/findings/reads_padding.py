"""NET116 reads-padding."""

from __future__ import annotations

__all__ = ["ReadsPadding"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import PaddingRead, Run, Severity, Sighting, Undecided
from trainwell.record.reading import harm


@frozen
class ReadsPadding(Finding):
    """A network over sequences that answers from their padding.

    What it looks for:
        Sequences that are filled up to one length, by the embedding's `padding_idx`, by another
        word that ends most rows and is found nowhere else, or by rows of zeros; and how much of the
        gradient of the answers goes to these positions. Three kinds: the last step is read and is
        padding in most examples (or, of packed sequences, lies behind their end); attention pays to
        padding alone (its mask is inverted); padding is most of what is pooled.

    Why it hurts:
        A recurrent layer forgets the words while it runs over the padding behind them, and the more
        so the shorter a sequence is. An inverted mask hides exactly what there is to read. In a
        mean, much padding drowns few words.

    When it is not a fault:
        Packed sequences, padding on the left of a recurrent layer, masks in force, states that are
        read at the true lengths: no gradient reaches padding then. Sums of words whose padding is a
        vector of zeros. Padding that is a small part of what is pooled.

    Thresholds:
        rows: share of the examples whose last step must be padding.
        gradient: share of the gradient that must go to padding.
        pooled: share of all positions that must be padding where they are pooled.
        inverted: share of the attention that padding must get, to call its mask inverted.
        learned: share of the loss that must be left, where the last step is padding: below it there
            is nothing to gain.
        harmed: how little the loss fell (1 is not at all) from which it is an error, and below
            which pooled padding is not reported.

    Sources:
        The documentation of `torch.nn.utils.rnn.pack_padded_sequence` and of
        `torch.nn.MultiheadAttention` (`key_padding_mask` is True where to ignore); public threads
        on recurrent networks that stay at chance on padded batches.
    """

    code: ClassVar[str] = "NET116"
    slug: ClassVar[str] = "reads-padding"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = (
        "vanishing-gradient",
        "saturated-activation",
        "collapsed-activations",
        "learning-rate-too-low",
        "learning-rate-too-high",
        "unrelated-labels",
        "overfitting",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("skip_padding",)

    rows: float = 0.5
    gradient: float = 0.5
    pooled: float = 0.5
    inverted: float = 0.95
    learned: float = 0.05
    harmed: float = 0.3

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the losses whose predictions come from padding."""
        for seen in run.paddings.values():
            hurt = harm(run, run.objectives.get(seen.objective))
            said = self._said(seen, hurt)
            if said is None:
                continue
            loss = run.losses.get(seen.loss)
            severe: Severity = "error" if hurt >= self.harmed else "warning"
            yield Sighting(
                seen.place if seen.place.line is not None or loss is None else loss.place,
                said,
                0,
                severe,
                {
                    "padding": "rows of zeros" if seen.word is None else seen.word,
                    "examples filled up": seen.rows,
                    "positions": seen.positions,
                    "gradient to padding": seen.gradient,
                    "depend on no word": seen.unread,
                    "attention to padding": seen.attended,
                },
                max(hurt, 0.8),
            )

    def _said(self, seen: PaddingRead, hurt: float) -> str | None:
        word = "rows of zeros" if seen.word is None else f"the padding {seen.word}"
        some = f"{seen.rows:.0%} of the sequences are filled up with {word}"
        share = seen.attended
        if share is not None and share >= self.inverted > seen.positions and seen.gradient > 0:
            return (
                f"{some}, and {share:.0%} of the attention goes to these positions: the padding"
                " mask is inverted (key_padding_mask is True where padding is)"
            )
        if seen.unread >= self.rows and seen.rows >= self.rows:
            return (
                f"{some}, and the answers of {seen.unread:.0%} of these depend on none of their"
                " words: the last step is read, which lies behind the end of a shorter sequence"
                " and is 0 there; read the final state, or the step at length - 1"
            )
        filled = seen.rows >= self.rows and seen.gradient >= self.gradient
        # A recurrent network that learns all the same carries the words through the padding.
        if seen.last and filled and hurt >= self.learned:
            return (
                f"the last step is read, which is padding in {seen.rows:.0%} of the examples (they"
                f" are filled up with {word}): {seen.gradient:.1%} of the gradient of their answers"
                " goes to padding; pack the sequences (pack_padded_sequence) or read the step at"
                " length - 1"
            )
        wide = seen.positions >= self.pooled and seen.gradient >= self.gradient
        if wide and not seen.silent and hurt >= self.harmed:
            paid = "" if share is None else f" and {share:.0%} of the attention"
            return (
                f"{seen.positions:.0%} of the positions are padding ({word}), and they count like"
                f" words: {seen.gradient:.0%} of the gradient of the answers{paid} goes to them;"
                " mask them where positions are weighed or pooled"
            )
        return None
