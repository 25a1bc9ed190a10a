"""NET110 sees-targets."""

from __future__ import annotations

__all__ = ["SeesTargets"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Dependence, Run, Sighting, Undecided
from trainwell.record.reading import harm


@frozen
class SeesTargets(Finding):
    """A sequence model that is given the very token that it is to tell.

    What it looks for:
        Losses whose targets are the network's own input tokens, one position ahead, while the
        output at a position depends on the input there: the mask is missing or inverted. Also
        targets that are not shifted at all although no output depends on later inputs, targets two
        positions ahead (shifted by the script and by the library), and targets one position before
        (inputs and targets exchanged).

    Why it hurts:
        The network learns to copy. Its loss falls to almost nothing, and what it writes by itself
        makes no sense: then there is no later token to copy from.

    When it is not a fault:
        Models that fill in masked tokens, whose other targets are ignored; sequence
        autoencoders, whose outputs depend on the whole input.

    Thresholds:
        finds: steps at which it must have been measured.

    Sources:
        Vaswani et al. 2017, "Attention Is All You Need", section 3.2.3 on masking; public threads
        on language models that reach a loss near 0.
    """

    code: ClassVar[str] = "NET110"
    slug: ClassVar[str] = "sees-targets"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = ("missing-positions", "overfitting", *SYMPTOMS)
    remedies: ClassVar[tuple[str, ...]] = ("mask_future", "shift_targets")

    finds: int = 1

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the losses."""
        for seen in run.dependences.values():
            if seen.kind != "time" or seen.found < max(self.finds, seen.looks / 2):
                continue
            loss = run.losses.get(seen.loss)
            yield Sighting(
                seen.place if loss is None or seen.place.line is not None else loss.place,
                _said(seen),
                0,
                "error",
                {"positions": seen.rows, "later inputs": seen.touched, "shift": seen.shift},
                max(harm(run, run.objectives.get(seen.objective)), 0.8),
            )


_SAID = {
    "mean": "a statistic along time brings them in (normalise over the features of each position,"
    " the last dimension)",
    "layer_norm": "a layer norm along time brings them in (normalise over the features of each"
    " position, the last dimension)",
    "convolution": "a convolution that is padded on both sides brings them in (pad it on the left"
    " only)",
    "recurrent": "a recurrent layer that also runs backwards brings them in (bidirectional=True)",
}
"""What is said of the operations that bring later positions in."""


def _said(seen: Dependence) -> str:
    if seen.shift < 0:
        return (
            "the targets are the input tokens of one position before: each output is given its"
            " target (inputs and targets are exchanged: targets = tokens[:, 1:] for inputs"
            " tokens[:, :-1])"
        )
    if seen.shift == 0:
        return (
            "the targets are the input tokens at the same positions: each output is given its own"
            " target (shift them: targets = tokens[:, 1:] for inputs tokens[:, :-1])"
        )
    if seen.touched and seen.mixer:
        return (
            f"the targets are the next input tokens, and an output depends on {seen.touched} later"
            f" inputs of {seen.rows} positions, its target among them:"
            f" {_SAID.get(seen.mixer, _SAID['mean'])}"
        )
    if seen.touched:
        return (
            f"the targets are the next input tokens, and an output depends on {seen.touched} later"
            f" inputs of {seen.rows} positions, its target among them: the causal mask is missing"
            " or inverted"
        )
    return (
        f"the targets lie {seen.shift} positions ahead of the inputs: they are shifted twice (by"
        " the script and by the model, for example)"
    )
