"""Labels that pretraining does not see, and the episodes over them that tell when to stop."""

from __future__ import annotations

__all__ = ["HeldOut", "split"]

import math
from collections.abc import Callable, Sequence

import torch
from torch.nn import functional

from trainwell.errors import BadInputError
from trainwell.oneshot.labelled import Labelled
from trainwell.oneshot.objectives import Objective

_WAYS = 20
"""Labels of an episode, as in the runs of Omniglot; fewer where fewer are held out."""

_EPISODES = 100


def split(
    data: Labelled, held_out: float | Sequence[str], random: torch.Generator
) -> tuple[Labelled, Labelled | None]:
    """The labels to learn from, and those held out.

    Args:
        data: all of them.
        held_out: a share of the labels in [0, 1), or beginnings of names: "Korean" holds out
            "Korean/character01" too.
        random: which labels a share is.

    Raises:
        BadInputError: if nothing is named, or fewer than two labels are left on either side.
    """
    count = len(data.names)
    if isinstance(held_out, int | float):
        if not 0 <= held_out < 1:
            raise BadInputError(f"`held_out` must be a share in [0, 1) or names, got {held_out}")
        if not held_out:
            return data, None
        order = torch.randperm(count, generator=random).tolist()
        picked = order[: max(2, math.ceil(held_out * count))]
    else:
        names = [held_out] if isinstance(held_out, str) else list(held_out)
        for name in names:
            if not any(_begins(label, name) for label in data.names):
                raise BadInputError(f"`held_out` names `{name}`, and no label begins with that")
        picked = [
            number
            for number, label in enumerate(data.names)
            if any(_begins(label, name) for name in names)
        ]
    left = sorted(set(range(count)) - set(picked))
    if len(left) < 2 or len(picked) < 2:
        raise BadInputError(
            f"of {count} labels {len(picked)} would be held out: at least 2 are needed there and "
            "2 to learn from; `held_out=0` holds out none"
        )
    return data.of(left), data.of(picked)


def _begins(label: str, name: str) -> bool:
    return label == name or label.startswith(name.rstrip("/") + "/")


class HeldOut:
    """Episodes of one example a label over labels held out: the same ones at every look.

    Args:
        data: the labels held out.
        random: which episodes.
    """

    def __init__(self, data: Labelled, random: torch.Generator) -> None:
        self.data = data
        groups = [torch.nonzero(data.labels == n)[:, 0] for n in range(len(data.names))]
        ways = min(_WAYS, len(groups))
        examples, queries = [], []
        for _ in range(_EPISODES):
            labels = torch.randperm(len(groups), generator=random)[:ways].tolist()
            pairs = [
                groups[n][torch.randperm(len(groups[n]), generator=random)[:2]] for n in labels
            ]
            example, query = torch.stack(pairs).unbind(1)
            examples.append(example)
            queries.append(query)
        self.examples, self.queries = torch.stack(examples), torch.stack(queries)

    def look(self, embed: Callable[[torch.Tensor], torch.Tensor]) -> tuple[float, float]:
        """Share of queries told wrongly, and their mean cross-entropy, nats.

        Args:
            embed: from prepared pictures to vectors of length 1.
        """
        vectors = torch.cat([embed(part) for part in torch.split(self.data.pictures, 256)])
        cosines = torch.einsum("eqd,esd->eqs", vectors[self.queries], vectors[self.examples])
        own = torch.arange(cosines.shape[1]).expand(cosines.shape[:2])
        error = (cosines.argmax(2) != own).float().mean()
        loss = functional.cross_entropy(Objective.scale * cosines.flatten(0, 1), own.flatten())
        return float(error), float(loss)
