"""Pictures of an evaluation and of what is enrolled, with matplotlib where it is installed."""

from __future__ import annotations

__all__ = ["plot_confusion", "plot_map", "plot_reliability"]

from typing import TYPE_CHECKING, Any

import numpy as np

from trainwell.errors import BadInputError
from trainwell.oneshot.classifier import OneShotClassifier
from trainwell.oneshot.episodes import Evaluation

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NAMED = 40
"""Labels of which each gets its name in a picture; more would cover each other."""


def _figure(width: float, height: float) -> Figure:
    """An empty figure that belongs to no window.

    Raises:
        BadInputError: if matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise BadInputError("pictures need matplotlib: pip install 'trainwell[plots]'") from error
    return Figure(figsize=(width, height), layout="constrained")


def plot_reliability(evaluation: Evaluation) -> Figure:
    """Accuracy over confidence; on the diagonal, probabilities mean what they say.

    Raises:
        BadInputError: if matplotlib is missing, or nothing calibrated the evaluation.
    """
    found = evaluation.reliability
    if found is None:
        raise BadInputError("the evaluation had no cohort to calibrate with: no reliability")
    figure = _figure(5, 5)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    edges = np.linspace(0, 1, len(found.counts) + 1)
    shown = found.counts > 0
    upper.plot([0, 1], [0, 1], color="0.6", linestyle="--", label="as sure as right")
    upper.plot(found.confidence[shown], found.accuracy[shown], "o-", label="measured")
    upper.set_ylabel("share of right answers")
    upper.set_title(f"calibration error {found.error:.3f}")
    upper.legend()
    lower.bar(edges[:-1], found.counts, width=np.diff(edges), align="edge", edgecolor="white")
    lower.set_xlabel("probability of the answer")
    lower.set_ylabel("answers")
    return figure


def plot_confusion(evaluation: Evaluation) -> Figure:
    """Which labels are taken for which: shares of each right label's queries.

    Raises:
        BadInputError: if matplotlib is missing.
    """
    counts = evaluation.confusion
    asked = counts.sum(axis=1) > 0
    shares = counts[asked][:, asked] / counts[asked].sum(axis=1, keepdims=True)
    names = [str(n) for n, kept in zip(evaluation.labels, asked, strict=True) if kept]
    size = min(14.0, 3.0 + 0.28 * len(names))
    figure = _figure(size + 0.8, size)
    axes = figure.add_subplot()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    if len(names) <= _NAMED:
        axes.set_xticks(range(len(names)), names, rotation=90)
        axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("answer")
    axes.set_ylabel("right label")
    figure.colorbar(image, ax=axes, label="share of the label's queries", shrink=0.7)
    return figure


def plot_map(classifier: OneShotClassifier) -> Figure:
    """Enrolled examples in the plane in which they spread most (PCA of the compared vectors).

    Raises:
        BadInputError: if matplotlib is missing, or fewer than three examples are enrolled.
    """
    known = classifier._enrolled()
    held = np.flatnonzero(known.gallery.examples.used)
    if len(held) < 3:
        raise BadInputError(f"a map needs three enrolled examples, got {len(held)}")
    placed = known.grounds.space.place(np.asarray(known.gallery.examples.rows[held]))
    middle = placed - placed.mean(axis=0)
    _, spread, axes_of = np.linalg.svd(middle.astype(np.float64), full_matrices=False)
    flat = middle @ axes_of[:2].T
    told = spread**2 / max(float((spread**2).sum()), 1e-12)
    figure = _figure(8, 6.5)
    axes: Any = figure.add_subplot()
    owner = known.gallery.owner[held]
    for number, label in enumerate(known.gallery.labels):
        points = flat[owner == known.gallery.seat(label)]
        axes.scatter(points[:, 0], points[:, 1], s=28, color=f"C{number % 10}")
        if len(known.gallery) <= _NAMED:
            axes.annotate(
                str(label), points.mean(axis=0), xytext=(5, 3), textcoords="offset points",
                fontsize=8,
            )  # fmt: skip
    axes.set_xlabel(f"first direction, {told[0]:.0%} of the variance")
    axes.set_ylabel(f"second direction, {told[1]:.0%}")
    axes.set_title(f"{len(held)} examples of {len(known.gallery)} labels")
    return figure
