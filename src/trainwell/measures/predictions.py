"""Measures of a classifier's predictions beside their targets."""

from __future__ import annotations

__all__ = ["Classified", "classified"]

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import torch

Form: TypeAlias = Literal["logits", "log_probabilities", "probabilities", "logit", "probability"]
"""What a prediction is: (rows, classes) of raw outputs, log-probabilities or probabilities; or one
raw output or one probability a row, of the second of two classes."""


@dataclass(frozen=True)
class Classified:
    """How a batch was classified.

    Attributes:
        rows: examples that were judged.
        accuracy: share of them whose likeliest class is the target, in [0, 1].
        confidence: mean probability of the likeliest class, in [0, 1].
        targets, predictions, right: examples by class: of that target, predicted as it, both.
    """

    rows: int
    accuracy: float
    confidence: float
    targets: dict[int, int] = field(default_factory=dict)
    predictions: dict[int, int] = field(default_factory=dict)
    right: dict[int, int] = field(default_factory=dict)


def classified(
    prediction: torch.Tensor,
    target: torch.Tensor,
    form: Form,
    rows: int = 1_024,
    left_out: torch.Tensor | None = None,
) -> Classified | None:
    """Classify and compare.

    Args:
        prediction: (rows, classes, ...) for "logits" and "log_probabilities", where what follows
            counts as more rows; (rows, classes) for "probabilities"; as many elements as `target`
            for "logit" and "probability".
        target: whole numbers of the shape (rows, ...); negative ones (ignored labels) are left out.
        form: what `prediction` is.
        rows: at most about this many rows are judged, evenly chosen.
        left_out: true where the loss leaves a target out, of the target's shape; these are not
            judged.

    Returns:
        None where the target holds no labels: other shapes, numbers between 0 and 1, no rows.
    """
    if form == "probabilities":
        # A softmax over their logarithms gives them back.
        prediction = prediction.detach().clamp_min(1e-30).log()
        if target.dim() == prediction.dim() and target.shape[-1:] == (1,):
            target = target.squeeze(-1)
        return _many(prediction, target.detach(), rows, left_out)
    if form in ("logits", "log_probabilities"):
        return _many(prediction.detach(), target.detach(), rows, left_out)
    if prediction.numel() != target.numel() or prediction.dim() > 1 < prediction.shape[-1]:
        return None
    chosen = prediction.detach().reshape(-1)
    labels = target.detach().reshape(-1)
    stride = max(1, -(-len(chosen) // rows))
    chosen, labels = chosen[::stride].float(), labels[::stride]
    if left_out is not None and left_out.numel() == prediction.numel():
        kept = ~left_out.reshape(-1)[::stride]
        chosen, labels = chosen[kept], labels[kept]
    if not bool(((labels == 0) | (labels == 1)).all()):
        return None
    second = chosen.sigmoid() if form == "logit" else chosen
    guess = (second > 0.5).long()
    return _compare(guess, torch.maximum(second, 1 - second), labels.long())


def _many(
    prediction: torch.Tensor, target: torch.Tensor, rows: int, left_out: torch.Tensor | None
) -> Classified | None:
    if prediction.dim() < 2 or target.is_floating_point():
        return None
    flat = prediction.movedim(1, -1).reshape(-1, prediction.shape[1])
    labels = target.reshape(-1)
    if len(labels) != len(flat):
        return None
    stride = max(1, -(-len(flat) // rows))
    flat, labels = flat[::stride].float(), labels[::stride]
    kept = labels >= 0
    if left_out is not None and left_out.numel() == target.numel():
        kept &= ~left_out.reshape(-1)[::stride]
    flat, labels = flat[kept], labels[kept]
    if not len(labels):
        return None
    # The softmax of log-probabilities are the probabilities again.
    best = flat.softmax(1).max(1)
    return _compare(best.indices, best.values, labels)


def _compare(
    guess: torch.Tensor, confidence: torch.Tensor, labels: torch.Tensor
) -> Classified | None:
    if not len(labels):
        return None
    hits = guess == labels
    return Classified(
        rows=len(labels),
        accuracy=float(hits.float().mean()),
        confidence=float(confidence.mean()),
        targets=_counts(labels),
        predictions=_counts(guess),
        right=_counts(labels[hits]),
    )


def _counts(values: torch.Tensor) -> dict[int, int]:
    found, counts = torch.unique(values, return_counts=True)
    return dict(zip(found.tolist(), counts.tolist(), strict=True))
