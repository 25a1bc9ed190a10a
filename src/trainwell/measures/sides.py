"""Remembered examples of training and of evaluation, side by side; and labels beside neighbours."""

from __future__ import annotations

__all__ = [
    "Agreement",
    "agreement",
    "block_agreement",
    "column_differences",
    "linear_across",
    "linear_agreement",
    "mended",
    "one_sided_relations",
    "padding",
    "ranked",
    "related",
    "reordered",
    "spikes",
    "standardised",
    "swapped_labels",
    "word_counts",
    "word_positions",
]

import math
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Matrix: TypeAlias = npt.NDArray[np.float64]
Vector: TypeAlias = npt.NDArray[np.float64]

_NEIGHBOURS = 5
_LEAST = 40
"""Rows of a side under which nothing is compared."""

_LINEAR_ROWS = 320
"""Rows that a linear fit reads: an eigenvalue decomposition of this size takes 15 ms."""


@dataclass(frozen=True)
class Agreement:
    """How well the labels of some examples follow from examples that are like them.

    Attributes:
        rows: examples judged.
        share: of classes, the share of examples whose label is that of most of their neighbours;
            of numbers, the share of the labels' variance that the neighbours' mean explains.
        chance: what `share` would be if labels and neighbours had nothing to do with each other.
        sigmas: how many standard errors `share` lies above `chance`.
        votes: what the neighbours say, one entry a row.
    """

    rows: int
    share: float
    chance: float
    sigmas: float
    votes: Vector = field(default_factory=lambda: np.zeros(0), repr=False)


def standardised(rows: Matrix, like: Matrix | None = None) -> Matrix:
    """Columns with mean 0 and deviation 1, by their own statistics or those of `like`.

    A column that does not vary becomes 0.
    """
    source = rows if like is None else like
    mean, std = source.mean(0), source.std(0)
    scaled = (rows - mean) / np.where(std > 0, std, 1.0)
    result: Matrix = np.where(std > 1e-7 * (np.abs(mean) + 1e-30), scaled, 0.0)
    return result


def ranked(rows: Matrix) -> Matrix:
    """Columns as ranks with mean 0 and deviation 1; equal values share the mean of their ranks."""
    ordered = np.sort(rows, axis=0)
    ranks = np.empty_like(rows)
    for column in range(rows.shape[1]):
        low = np.searchsorted(ordered[:, column], rows[:, column], "left")
        high = np.searchsorted(ordered[:, column], rows[:, column], "right")
        ranks[:, column] = (low + high) / 2
    return standardised(ranks)


def word_counts(rows: Matrix, words: int = 2_048) -> Matrix:
    """How often each word (whole number) stands in each row; rows of Euclidean length 1."""
    listed, at = np.unique(rows.astype(np.int64), return_inverse=True)
    at = at.reshape(rows.shape)
    counts = np.zeros((len(rows), min(len(listed), words)))
    for column in range(rows.shape[1]):
        np.add.at(counts, (np.arange(len(rows)), at[:, column] % counts.shape[1]), 1.0)
    # What stands in every row, such as padding, tells nothing.
    counts = np.sqrt(counts) * (1.0 - (counts > 0).mean(0) ** 8)
    length = np.linalg.norm(counts, axis=1, keepdims=True)
    result: Matrix = counts / np.where(length > 0, length, 1.0)
    return result


def word_positions(rows: Matrix, words: int = 512) -> Matrix:
    """Which word (whole number) stands at each place: one column a word and place, 0 or 1."""
    parts = []
    for column in rows.astype(np.int64).T:
        listed, at = np.unique(column, return_inverse=True)
        parts.append(np.eye(min(len(listed), words))[at % words])
    whole = np.concatenate(parts, 1)
    result: Matrix = whole - whole.mean(0)
    return result


def agreement(
    rows: Matrix,
    labels: Vector,
    *,
    classes: bool,
    beside: Matrix | None = None,
    beside_labels: Vector | None = None,
) -> Agreement | None:
    """How labels agree with those of the five nearest neighbours (Cover & Hart 1967).

    Args:
        rows: (examples, columns), scaled as distances need it.
        labels: one number a row.
        classes: the labels are classes, not quantities.
        beside: where the neighbours are looked for; among `rows` themselves, each left out, when
            None.
        beside_labels: labels of `beside`.

    Returns:
        None with fewer than 40 rows on either side.
    """
    others = rows if beside is None else beside
    answers = labels if beside_labels is None else beside_labels
    if min(len(rows), len(others)) < _LEAST:
        return None
    distance = _distances(rows, others)
    if beside is None:
        np.fill_diagonal(distance, math.inf)
    near = np.argpartition(distance, _NEIGHBOURS - 1, axis=1)[:, :_NEIGHBOURS]
    ranks = np.take_along_axis(distance, near, 1).argsort(1)
    near = np.take_along_axis(near, ranks, 1)
    said = answers[near]
    if not classes:
        return _explained(labels, said.mean(1))
    votes = _majority(said)
    return _agreeing(labels, votes)


def linear_agreement(rows: Matrix, labels: Vector, *, classes: bool) -> Agreement | None:
    """The same for a ridge regression, each example left out of the fit that judges it.

    The residual left out is the residual over one less the leverage (Hastie, Tibshirani & Friedman
    2009, "The elements of statistical learning", equation 7.64); the penalty is the best of four.
    """
    if len(rows) < _LEAST or len(np.unique(labels)) < 2:
        return None
    rows, labels = rows[:_LINEAR_ROWS], labels[:_LINEAR_ROWS]
    listed = np.unique(labels)
    wanted = (labels[:, None] == listed).astype(float) if classes else labels[:, None]
    left_out, _ = _ridge(rows, wanted)
    if classes:
        return _agreeing(labels, listed[left_out.argmax(1)])
    return _explained(labels, left_out[:, 0])


def _ridge(rows: Matrix, wanted: Matrix) -> tuple[Matrix, float]:
    """What a fit says of each row that is left out of it, and the best penalty of four."""
    mean = wanted.mean(0)
    values, vectors = np.linalg.eigh(rows @ rows.T)
    values = np.clip(values, 0, None)
    size = max(float(values.mean()), 1e-12)
    best, best_penalty, least = wanted, size, math.inf
    for penalty in (0.01 * size, 0.1 * size, size, 10 * size):
        shrink = values / (values + penalty)
        fitted = vectors @ (shrink[:, None] * (vectors.T @ (wanted - mean)))
        leverage = ((vectors**2) @ shrink)[:, None] + 1 / len(rows)
        left_out = wanted - (wanted - mean - fitted) / np.clip(1 - leverage, 0.02, None)
        error = float(((wanted - left_out) ** 2).mean())
        if error < least:
            best, best_penalty, least = left_out, penalty, error
    return best, best_penalty


def _agreeing(labels: Vector, votes: Vector) -> Agreement:
    share = float((labels == votes).mean())
    chance = sum(float((labels == c).mean() * (votes == c).mean()) for c in np.unique(labels))
    error = math.sqrt(max(chance * (1 - chance), 1e-9) / len(labels))
    return Agreement(len(labels), share, chance, (share - chance) / error, votes)


def _explained(labels: Vector, guess: Vector) -> Agreement:
    spread = float(((labels - labels.mean()) ** 2).mean())
    share = 1 - float(((labels - guess) ** 2).mean()) / spread if spread > 0 else 0.0
    moves = guess.std() > 0 and spread > 0
    together = float(np.corrcoef(labels, guess)[0, 1]) if moves else 0.0
    return Agreement(len(labels), share, 0.0, together * math.sqrt(len(labels)), guess)


def _majority(said: npt.NDArray[np.float64]) -> Vector:
    """The most frequent value of each row; the earliest of those that are as frequent."""
    equal = (said[:, :, None] == said[:, None, :]).sum(2)
    result: Vector = said[np.arange(len(said)), equal.argmax(1)]
    return result


def _distances(rows: Matrix, others: Matrix) -> Matrix:
    square = (rows**2).sum(1)[:, None] + (others**2).sum(1)[None] - 2 * rows @ others.T
    result: Matrix = np.clip(square, 0, None)
    return result


def linear_across(
    rows: Matrix, labels: Vector, others: Matrix, other_labels: Vector, *, classes: bool
) -> Agreement | None:
    """How labels follow from a ridge regression on the examples of the other side.

    Args:
        rows: (examples, columns), scaled, that the line is fitted to.
        labels: theirs.
        others: the examples that it is judged by.
        other_labels: theirs.
        classes: the labels are classes.
    """
    if min(len(rows), len(others)) < _LEAST or len(np.unique(labels)) < 2:
        return None
    # As many rows as the fit on one side has: more of them would fit better.
    rows, labels = rows[:_LINEAR_ROWS], labels[:_LINEAR_ROWS]
    listed = np.unique(labels)
    wanted = (labels[:, None] == listed).astype(float) if classes else labels[:, None]
    mean = wanted.mean(0)
    _, penalty = _ridge(rows, wanted)
    square = rows.T @ rows + penalty * np.eye(rows.shape[1])
    said = others @ np.linalg.solve(square, rows.T @ (wanted - mean)) + mean
    if classes:
        return _agreeing(other_labels, listed[said.argmax(1)])
    return _explained(other_labels, said[:, 0])


def mended(
    rows: Matrix, labels: Vector, index: Vector, orders: dict[str, Vector], *, classes: bool
) -> dict[str, float]:
    """How labels agree with neighbours once each row has the label of another row of the data set.

    Args:
        rows: (examples, columns), scaled.
        labels: one a row.
        index: row of the data set, one a row.
        orders: by name, for each row of the data set the row whose label it should have; NaN where
            there is none.
        classes: the labels are classes.

    Returns:
        By name the agreement, where it is clearly better than chance on 60 rows or more.
    """
    known = dict(zip(index.astype(int).tolist(), labels.tolist(), strict=True))
    found = {}
    for name, order in orders.items():
        inside = (index >= 0) & (index < len(order))
        wanted = np.where(inside, order[np.where(inside, index, 0).astype(int)], np.nan)
        kept = np.array([w == w and int(w) in known for w in wanted])
        if kept.sum() < 60:
            continue
        moved = np.array([known[int(w)] for w in wanted[kept]])
        seen = agreement(rows[kept], moved, classes=classes)
        if seen is not None and seen.sigmas >= 6:
            found[name] = seen.share
    return found


def swapped_labels(
    labels: Vector, votes: Vector, share: float = 0.6, least: int = 8
) -> list[tuple[float, float, float, float]]:
    """Pairs of classes each of which most of the votes call the other.

    Args:
        labels: one class a row.
        votes: what the neighbours (or a network) say.
        share: of the rows of either class.
        least: rows that either class must have.

    Returns:
        (one class, the other, share of the one called the other, share of the other called the
        one).
    """
    found = []
    for one in np.unique(labels):
        said = votes[labels == one]
        if len(said) < least:
            continue
        listed, counts = np.unique(said, return_counts=True)
        other = listed[counts.argmax()]
        back = votes[labels == other]
        if other <= one or len(back) < least or counts.max() < share * len(said):
            continue
        returned = float((back == one).mean())
        if returned >= share:
            found.append((float(one), float(other), float(counts.max() / len(said)), returned))
    return found


def block_agreement(
    index: Vector, agrees: npt.NDArray[np.bool_], blocks: int = 8
) -> list[tuple[int, int, float]]:
    """How often labels agree with neighbours in consecutive parts of a data set.

    Args:
        index: row of the data set, one a row.
        agrees: whether the label agrees.
        blocks: parts of equally many rows.

    Returns:
        (first row, last row, share that agrees) of each part; empty with fewer than 20 rows a part.
    """
    if len(index) < 20 * blocks:
        return []
    order = index.argsort()
    parts = np.array_split(order, blocks)
    return [
        (int(index[part[0]]), int(index[part[-1]]), float(agrees[part].mean())) for part in parts
    ]


def column_differences(
    trained: Matrix, evaluated: Matrix, least: float = 0.3
) -> list[dict[str, Any]]:
    """Columns whose values differ between the two sides, the most different first.

    By the two-sample statistic of Kolmogorov and Smirnov, with the level 1e-4 shared by all columns
    (Bonferroni), and at least `least`.

    Args:
        trained: (examples, columns).
        evaluated: the same columns.
        least: smallest difference of the distribution functions that is listed, in [0, 1].

    Returns:
        {"column", "apart" (the statistic), "apart_scaled" (the same once both have mean 0 and
        deviation 1), "training_mean", "training_std", "evaluation_mean", "evaluation_std"} each.
    """
    if min(len(trained), len(evaluated)) < _LEAST:
        return []
    columns = trained.shape[1]
    m, n = len(trained), len(evaluated)
    limit = math.sqrt(-math.log(1e-4 / 2 / max(columns, 1)) / 2 * (m + n) / (m * n))
    apart = _kolmogorov(trained, evaluated)
    scaled = _kolmogorov(standardised(trained), standardised(evaluated))
    found = []
    for column in np.argsort(-apart):
        if apart[column] < max(limit, least):
            break
        one, two = trained[:, column], evaluated[:, column]
        found.append(
            {
                "column": int(column),
                "apart": float(apart[column]),
                "apart_scaled": float(scaled[column]),
                "training_mean": float(one.mean()),
                "training_std": float(one.std()),
                "evaluation_mean": float(two.mean()),
                "evaluation_std": float(two.std()),
            }
        )
    return found


def _kolmogorov(one: Matrix, two: Matrix) -> Vector:
    """The largest difference of the two distribution functions, column by column."""
    result = np.zeros(one.shape[1])
    for column in range(one.shape[1]):
        a, b = np.sort(one[:, column]), np.sort(two[:, column])
        at = np.concatenate([a, b])
        # Rounding must not tell equal values apart.
        at = at + 1e-6 * (np.abs(at) + 1e-12)
        below = np.searchsorted(a, at, "right") / len(a) - np.searchsorted(b, at, "right") / len(b)
        result[column] = np.abs(below).max()
    return result


def reordered(
    trained: Matrix, evaluated: Matrix, told: tuple[Vector, Vector] | None = None
) -> list[tuple[int, int]]:
    """Columns of the evaluation that look like other columns of the training, as one exchange.

    The columns' nine deciles are compared, and what they tell of the labels; the best assignment
    (Kuhn 1955) counts where it fits at least three times as well as the order that is there.

    Args:
        trained: (examples, columns).
        evaluated: the same columns.
        told: share of the labels' differences that each column explains, in training and in
            evaluation, where that is known.

    Returns:
        (column of the evaluation, column of the training that it looks like); empty where the order
        fits.
    """
    if min(len(trained), len(evaluated)) < _LEAST or not 2 <= trained.shape[1] <= 64:
        return []
    shares = np.linspace(0.1, 0.9, 9)
    one, two = np.quantile(trained, shares, axis=0).T, np.quantile(evaluated, shares, axis=0).T
    spread = np.maximum(trained.std(0), 1e-9 * (np.abs(trained).max() + 1e-30))
    cost = np.abs(two[:, None] - one[None]).mean(2) / np.maximum(spread[None], 1e-12)
    cost = np.minimum(cost, 10.0)
    if told is not None:
        cost = cost + np.abs(told[1][:, None] - told[0][None])
    fits_better = np.diag(cost)[:, None] > 2 * cost + 0.2
    if not fits_better.any():
        return []
    # Only now: it takes most of a second to import.
    from scipy.optimize import linear_sum_assignment

    here, there = linear_sum_assignment(cost)
    kept, moved = float(np.diag(cost).sum()), float(cost[here, there].sum())
    if kept < 3 * moved or (kept - moved) < 1.0:
        return []
    return [
        (int(i), int(j)) for i, j in zip(here, there, strict=True) if i != j and fits_better[i, j]
    ]


def spikes(rows: Matrix, least: float = 0.02, gap: float = 3.0) -> list[dict[str, Any]]:
    """Columns in which one value stands apart from all others: a code for what is missing.

    Args:
        rows: (examples, columns).
        least: share of the rows that have the value.
        gap: distance of the value from all others, in ranges of the others' middle nine tenths.

    Returns:
        {"column", "value", "share"} each, the largest share first.
    """
    found = []
    if len(rows) < _LEAST:
        return []
    for column in range(rows.shape[1]):
        values = rows[:, column]
        for value in (values.min(), values.max()):
            others = values[values != value]
            share = 1 - len(others) / len(values)
            if not least <= share <= 0.6 or len(others) < 20:
                continue
            low, high = np.quantile(others, [0.05, 0.95])
            nearest = others.min() if value < low else others.max()
            width = float(high - low)
            if width > 0 and abs(value - nearest) > gap * width:
                found.append({"column": column, "value": float(value), "share": float(share)})
    return sorted(found, key=lambda f: -float(f["share"]))


def one_sided_relations(
    trained: Matrix,
    labels: Vector,
    evaluated: Matrix,
    evaluated_labels: Vector,
    *,
    classes: bool,
    least: float = 0.25,
) -> list[dict[str, Any]]:
    """Columns that tell much of the labels on one side only, the most different first.

    Of classes the correlation ratio (the share of a column's variance that lies between the
    classes), of numbers the squared correlation.

    Returns:
        {"column", "training", "evaluation"}: the shares, in [0, 1].
    """
    if min(len(trained), len(evaluated)) < _LEAST:
        return []
    before = related(trained, labels, classes=classes)
    after = related(evaluated, evaluated_labels, classes=classes)
    # The share that chance alone explains, and twice its own size.
    floor = 3 * (len(np.unique(labels)) if classes else 2) / min(len(trained), len(evaluated))
    order = np.argsort(-np.abs(before - after))
    return [
        {"column": int(c), "training": float(before[c]), "evaluation": float(after[c])}
        for c in order
        if abs(before[c] - after[c]) > max(least, floor)
    ]


def related(rows: Matrix, labels: Vector, *, classes: bool) -> Vector:
    """The share of the labels' differences that each column explains, in [0, 1].

    Args:
        rows: (examples, columns).
        labels: one a row.
        classes: the correlation ratio of classes; the squared correlation of numbers otherwise.
    """
    total = ((rows - rows.mean(0)) ** 2).sum(0)
    safe = np.where(total > 0, total, 1.0)
    if not classes:
        spread = ((labels - labels.mean()) ** 2).sum()
        if spread <= 0:
            return np.zeros(rows.shape[1])
        together = ((rows - rows.mean(0)) * (labels - labels.mean())[:, None]).sum(0)
        return np.where(total > 0, together**2 / (safe * spread), 0.0)
    between = np.zeros(rows.shape[1])
    for label in np.unique(labels):
        some = rows[labels == label]
        between += len(some) * (some.mean(0) - rows.mean(0)) ** 2
    return np.where(total > 0, between / safe, 0.0)


def padding(rows: Matrix, least: float = 0.2) -> dict[str, Any]:
    """The word that fills rows up, and on which side.

    Args:
        rows: (examples, positions), whole numbers.
        least: share of the rows that must end (or begin) with two or more of the same word.

    Returns:
        {"word", "side" ("right" or "left"), "rows" (share of the rows that are filled up), "share"
        (of all positions)}; empty where nothing is filled up.
    """
    if rows.shape[1] < 4 or len(rows) < 8:
        return {}
    best: dict[str, Any] = {}
    for side, view in (("right", rows[:, ::-1]), ("left", rows)):
        listed, counts = np.unique(view[:, 0], return_counts=True)
        word = listed[counts.argmax()]
        run = np.cumprod(view == word, axis=1).sum(1)
        filled = float((run >= 2).mean())
        if filled >= least and float(run.mean()) > best.get("_run", 0.0):
            best = {
                "word": int(word),
                "side": side,
                "rows": filled,
                "share": float(run.sum() / rows.size),
                "_run": float(run.mean()),
            }
    best.pop("_run", None)
    return best
