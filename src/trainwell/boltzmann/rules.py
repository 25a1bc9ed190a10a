"""How a machine learns: the algorithm and its settings, as plain data."""

from __future__ import annotations

__all__ = ["ALGORITHMS", "Rules", "first_rate", "rate_at"]

from dataclasses import dataclass

from trainwell.boltzmann.products import PRECISIONS
from trainwell.errors import BadInputError, UnknownNameError

ALGORITHMS: tuple[str, ...] = ("pcd", "cd", "pt", "exact")
"""Names of the algorithms, by where the expectations under the model come from."""


@dataclass(frozen=True)
class Rules:
    """Settings of learning.

    Attributes:
        algorithm: "pcd", chains that go on from one update to the next (Tieleman 2008); "cd",
            chains that start at the data each time (Hinton 2002); "pt", persistent chains at
            several temperatures that are exchanged (Desjardins et al. 2010); "exact", enumeration.
        n_gibbs_steps: transitions of the chains between two updates.
        n_chains: chains of "pcd" and "pt" (at each temperature).
        n_temperatures: of "pt".
        centered: subtract offsets from both layers in the gradient of the weights, which makes
            learning the same for data and for their complement: the enhanced gradient of Montavon &
            Müller 2012 and Melchior, Fischer & Wiskott 2016.
        offset_rate: share of the offsets' moving averages that each batch renews; 0.01, Melchior,
            Fischer & Wiskott 2016, section 4.
        momentum: share of the last update that is made again.
        weight_decay: share of the weights that is taken away, per unit of learning rate.
        precision: what the factors of matrix products are rounded to, a name of `PRECISIONS`.

    Raises:
        UnknownNameError: if there is no such algorithm or precision.
        BadInputError: if a number is out of its range.
    """

    algorithm: str = "pcd"
    n_gibbs_steps: int = 1
    n_chains: int = 100
    n_temperatures: int = 10
    centered: bool = True
    offset_rate: float = 0.01
    momentum: float = 0.0
    weight_decay: float = 0.0
    precision: str = "float32"

    def __post_init__(self) -> None:
        if self.algorithm not in ALGORITHMS:
            raise UnknownNameError("algorithm", str(self.algorithm), ALGORITHMS)
        if self.precision not in PRECISIONS:
            raise UnknownNameError("precision", str(self.precision), PRECISIONS)
        for name, low in (("n_gibbs_steps", 1), ("n_chains", 1), ("n_temperatures", 2)):
            value = getattr(self, name)
            if value < low:
                raise BadInputError(f"`{name}` must be {low} or more, got {value}")
        if not 0 <= self.momentum < 1:
            raise BadInputError(f"`momentum` must be in [0, 1), got {self.momentum}")
        if self.weight_decay < 0:
            raise BadInputError(f"`weight_decay` must be 0 or more, got {self.weight_decay}")


def first_rate(asked: float | str, visible: str, width: int, usual: float = 0.1) -> float:
    """The learning rate at the start.

    Args:
        asked: a number; or "auto", `usual`, and at most 10 / width for Gaussian units: a row's pull
            on a hidden unit grows with the number of values that are not between 0 and 1.
        visible: the kind of the visible units.
        width: how many there are.
        usual: for units that are.

    Raises:
        BadInputError: if it is neither "auto" nor a number above 0.
    """
    if asked == "auto":
        return min(0.1, 10 / width) if visible == "gaussian" else usual
    if isinstance(asked, str) or not asked > 0:
        raise BadInputError(f'`learning_rate` must be "auto" or above 0, got {asked!r}')
    return float(asked)


def rate_at(initial: float, schedule: str, progress: float) -> float:
    """The learning rate.

    Args:
        initial: at the start.
        schedule: "linear", down to 0 at the end; or "constant".
        progress: share of the updates that are made, in [0, 1].

    Raises:
        UnknownNameError: if there is no such schedule.
    """
    if schedule == "linear":
        return initial * (1.0 - progress)
    if schedule == "constant":
        return initial
    raise UnknownNameError("schedule", str(schedule), ("linear", "constant"))
