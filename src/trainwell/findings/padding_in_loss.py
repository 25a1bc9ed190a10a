"""DAT114 padding-in-loss."""

from __future__ import annotations

__all__ = ["PaddingInLoss"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import LossCall, Run, Sighting, Undecided
from trainwell.record.examples import number


@frozen
class PaddingInLoss(Finding):
    """Padding that counts as targets in the loss of a sequence model.

    What it looks for:
        The most frequent target of a loss over words: the network has an embedding of as many words
        as the loss has classes, and the target is the embedding's `padding_idx`, or the word that
        fills up the rows that the network reads. The loss neither ignores it nor weighs it with 0.

    Why it hurts:
        Most of the loss is about answers that nobody needs: it looks good from the first steps on,
        and the gradients of the real words are a small part of each update.

    When it is not a fault:
        Losses that are masked afterwards (reduction="none"); an end of sequence that is also the
        padding and makes up few targets.

    Thresholds:
        share: share of the targets from which it is reported.
        error: share from which it is an error.
        looks: looks at the loss that must have been taken.

    Sources:
        The documentation of `torch.nn.CrossEntropyLoss` (`ignore_index`) and of
        `torch.nn.Embedding` (`padding_idx`).
    """

    code: ClassVar[str] = "DAT114"
    slug: ClassVar[str] = "padding-in-loss"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = ("class-imbalance", "overfitting", *SYMPTOMS)
    remedies: ClassVar[tuple[str, ...]] = ("ignore_padding",)

    share: float = 0.25
    error: float = 0.5
    looks: int = 3

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the losses in which padding counts."""
        for loss in run.losses.values():
            mode = loss.target_mode
            if loss.phase != "training" or mode is None or loss.looks < self.looks:
                continue
            if loss.target_mode_share < self.share or loss.reduction == "none":
                continue
            why = self._padding(run, loss, int(mode))
            if not why:
                continue
            share = loss.target_mode_share
            about = "the loss is mostly about" if share >= self.error else "the loss counts"
            yield Sighting(
                loss.built_place or loss.place,
                f"{share:.0%} of the targets of {loss.function} are {int(mode)}, {why}: {about} "
                f"padding; give it ignore_index={int(mode)}",
                0,
                "error" if share >= self.error else "warning",
                {"share": share, "target": int(mode)},
                share,
            )

    def _padding(self, run: Run, loss: LossCall, mode: int) -> str:
        """Why a target is padding, in words; empty where it is not."""
        objective = run.objective_of(loss)
        classes = loss.prediction_shape[1] if len(loss.prediction_shape) > 1 else 0
        if objective is None or not classes:
            return ""
        for number_ in objective.networks:
            network = run.networks.get(number_)
            for path, (words, padding) in ({} if network is None else network.embeddings).items():
                if words != classes:
                    continue
                if padding == mode:
                    return f"the padding_idx of `{path}`"
                filled = [
                    (e.training.get("padding") or {})
                    for e in run.examples_seen.values()
                    if e.network == number_
                ]
                for pad in filled:
                    if isinstance(pad, dict) and pad.get("word") == mode:
                        return f"with which {number(pad, 'rows'):.0%} of the rows are filled up"
        return ""
