"""What networks over sequences read and weigh, as plain data."""

from __future__ import annotations

__all__ = ["Attention", "Ordering", "PaddingRead", "Twin"]

from dataclasses import dataclass, field

from trainwell.record.facts import Place


@dataclass(frozen=True)
class PaddingRead:
    """A loss whose predictions depend on the padding of their sequences.

    Attributes:
        objective: number of the objective.
        loss: number of the loss call.
        place: the line that reads the last step, or pools the steps; unknown where not found.
        looks: steps at which it was measured.
        word: the token that fills sequences up; None where rows of zeros do.
        side: "right" or "left".
        length: positions of a sequence, padding included.
        rows: share of the examples that are filled up.
        positions: share of all positions that are padding.
        gradient: share of the gradient's norm that goes to padding, mean over the examples that
            are filled up and over the looks.
        unread: share of the examples that are filled up whose answers depend on none of their
            words, mean over the looks.
        last: the answer depends most on the last step, and far more than on the others.
        attended: share of the attention that real positions pay to padding; None without attention.
        silent: padding is a vector of zeros that is never trained, and nothing bends it.
    """

    number: int
    objective: int
    loss: int
    place: Place = field(default_factory=Place)
    looks: int = 0
    word: int | None = None
    side: str = "right"
    length: int = 0
    rows: float = 0.0
    positions: float = 0.0
    gradient: float = 0.0
    unread: float = 0.0
    last: bool = False
    attended: float | None = None
    silent: bool = False


@dataclass(frozen=True)
class Attention:
    """Weights by which values are added up: a softmax, or PyTorch's fused attention.

    Attributes:
        objective: number of the objective.
        operation: number of the operation.
        place: its line.
        looks: steps at which it was measured.
        step: that of the first look.
        axis: what its weights sum to 1 over: "keys" (what they are multiplied with and summed
            over), "queries" (another dimension than the one that is summed over), "single" (a
            dimension of size 1: every weight is 1), "" where that cannot be told.
        size: of the dimension that the softmax runs over.
        shape: of the weights.
        summed: size of the dimension that is summed over.
        depth: how many numbers each score is the product of; 0 where the scores are no product.
        scaled: something multiplies or divides the scores, or what they are the product of.
        scale: factor of fused attention.
        top: largest weight of a row, mean, at the first look.
        latest: the same at the latest look.
        keys: weights of a row that are not 0, mean.
        spread: standard deviation of the scores of a row, mean, at the first look.
        masked: share of the weights that belong to masked positions; None without a mask.
        masked_share: share of the positions that are masked.
        added: the mask is a table of 0 and 1 that is added to the scores.
        mask_place: the line that masks.
    """

    number: int
    objective: int
    operation: int
    place: Place = field(default_factory=Place)
    looks: int = 0
    step: int = 0
    axis: str = ""
    size: int = 0
    shape: tuple[int, ...] = ()
    summed: int = 0
    depth: int = 0
    scaled: bool = True
    scale: float | None = None
    top: float = 0.0
    latest: float = 0.0
    keys: float = 0.0
    spread: float = 0.0
    masked: float | None = None
    masked_share: float = 0.0
    added: bool = False
    mask_place: Place = field(default_factory=Place)


@dataclass(frozen=True)
class Ordering:
    """A network with attention over words, of which no operation knows a word's position.

    Attributes:
        objective: number of the objective.
        loss: number of the loss call.
        place: the line of the embedding.
        looks: steps at which the graph was read.
        length: positions of a sequence.
        pairs: pairs of equal words of one example that were compared; 0 where each example has one
            target.
        contradicted: share of these whose targets differ, which the network cannot tell apart.
        judged: pairs of examples that have the same word at the place that tells most of a target.
        told: share of these that have the same target, above that of all pairs: 0 where no place
            tells anything.
    """

    number: int
    objective: int
    loss: int
    place: Place = field(default_factory=Place)
    looks: int = 0
    length: int = 0
    pairs: int = 0
    contradicted: float = 0.0
    judged: int = 0
    told: float = 0.0


@dataclass(frozen=True)
class Twin:
    """An embedding and a linear layer with the same random numbers in two tensors, at the start.

    Attributes:
        objective: number of the objective.
        embedding, output: numbers of the parameters.
        place: a line of the source that copies weights; unknown where there is none.
        shape: of either.
    """

    number: int
    objective: int
    embedding: int
    output: int
    place: Place = field(default_factory=Place)
    shape: tuple[int, ...] = ()
