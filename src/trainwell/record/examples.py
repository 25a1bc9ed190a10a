"""What the examples of a network say, as plain data: training and evaluation side by side."""

from __future__ import annotations

__all__ = ["Examples", "number", "skills", "ways"]

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from trainwell.record.facts import Detail, Place

_OTHERS = 12
"""Examples of other labels than the most frequent one that a side must have for a skill."""


@dataclass(frozen=True)
class Examples:
    """Some hundred examples of a network, with their labels, of training and of evaluation.

    Attributes:
        network: number of the network.
        place, evaluation_place: the lines that called it.
        kind: "numbers", "pictures" (columns are channels) or "tokens" (whole numbers).
        shape: of one example.
        labels: "classes", "numbers" or "" where none were seen.
        training, evaluation: numbers of either side: {"rows" (different examples kept), "draws"
            (examples looked at), "repeats" (share of draws of examples drawn before), "most" (share
            of draws of the most frequent example), "duplicates" (share of kept labelled examples
            equal to another of the same batch), "conflicts" (share of examples drawn again that
            had another label then), "agreement", "agreement_chance", "agreement_sigmas" (labels
            beside the five nearest other training examples), "linear", "linear_sigmas" (the same
            for a linear fit), "accuracy" (of the latest answers), "classes" (label to share),
            "label_low", "label_high", "label_mean", "label_std", "padding", "distinct_values" (of
            the column that has most)}; what was not measured is missing.
        columns: columns that differ between the sides: see
            `trainwell.measures.sides.column_differences`.
        spread: deviation of the columns in training over that in evaluation, median.
        constant: {"column", "side" ("training", "evaluation"), "value", "other_std"} of columns
            that vary on the other side only.
        order: pairs of (evaluation column, training column that it looks like).
        relations: columns that tell of the labels on one side only: {"column", "training",
            "evaluation"}.
        spikes: {"column", "value", "share", "side"} of values that stand apart from all others.
        both: share of the evaluation examples that are equal to a training example that is known;
            None where too few were seen.
        expected_both: the same as chance alone would bring it, by how many rows of a training batch
            are equal.
        known: share of the training examples that were drawn lately and were known by then.
        swapped: {"one", "other", "share", "returned"} of classes exchanged in evaluation.
        blocks: {"first", "last", "agreement"} of consecutive parts of the training data set.
        mended: where nothing predicts the labels, how they agree with the neighbours once they
            belong to other rows of the data set, by which: "shifted by 1 row", ...
        text_order: name of a list of files in the order of text, where their numbers are in another
            order (0, 1, 10, 100, 2).
        text_order_place: the line that makes this list, when that is known.
        unseen: labels of the evaluation that training never had, with their shares.
        unknown: share of the evaluation's tokens that no training example holds.
    """

    number: int
    network: int
    place: Place = field(default_factory=Place)
    evaluation_place: Place | None = None
    kind: str = "numbers"
    shape: tuple[int, ...] = ()
    labels: str = ""
    training: dict[str, Detail] = field(default_factory=dict)
    evaluation: dict[str, Detail] = field(default_factory=dict)
    columns: tuple[dict[str, Detail], ...] = ()
    spread: float = 1.0
    constant: tuple[dict[str, Detail], ...] = ()
    order: tuple[list[int], ...] = ()
    relations: tuple[dict[str, Detail], ...] = ()
    spikes: tuple[dict[str, Detail], ...] = ()
    both: float | None = None
    expected_both: float = 0.0
    known: float = 0.0
    swapped: tuple[dict[str, Detail], ...] = ()
    blocks: tuple[dict[str, Detail], ...] = ()
    mended: dict[str, float] = field(default_factory=dict)
    text_order: str = ""
    text_order_place: Place | None = None
    unseen: dict[str, float] = field(default_factory=dict)
    unknown: float | None = None


def number(body: Mapping[str, Detail], name: str) -> float:
    """A number of one of the tables of `Examples`; 0 where it was not measured."""
    value = body.get(name)
    return float(value) if isinstance(value, int | float) else 0.0


def skills(examples: Examples, by: str) -> tuple[float, float, float]:
    """How well labels follow from others: 0 is chance, 1 perfect.

    Args:
        examples: of a network.
        by: "agreement" (of the nearest examples) or "linear".

    Returns:
        In training; in evaluation by itself; in evaluation as training has it. NaN where nearly
        all examples of a side have one label: a few of them would make all of the skill.
    """
    train, other = examples.training, examples.evaluation
    if examples.labels == "classes" and min(_others(train), _others(other)) < _OTHERS:
        return math.nan, math.nan, math.nan
    chance = number(train, "agreement_chance") if examples.labels == "classes" else 0.0
    shares = (train.get(by), other.get(f"own_{by}"), other.get(by))
    found = [
        (share - chance) / max(1 - chance, 1e-9) if isinstance(share, int | float) else math.nan
        for share in shares
    ]
    return found[0], found[1], found[2]


def _others(side: Mapping[str, Detail]) -> float:
    """How many examples have another label than the most frequent one."""
    shares = side.get("classes")
    if not isinstance(shares, dict) or not shares:
        return math.inf
    most = max((s for s in shares.values() if isinstance(s, int | float)), default=1.0)
    return (1 - most) * number(side, "rows")


def ways(examples: Examples) -> tuple[str, ...]:
    """By what labels are told: a linear fit is no measure for more words than examples."""
    return ("agreement",) if examples.kind == "tokens" else ("agreement", "linear")
