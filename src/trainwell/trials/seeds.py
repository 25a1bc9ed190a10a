"""Seeds imposed on a script: every trial of one seed draws alike, also where a script seeds itself.

A script that calls `torch.manual_seed(0)` would give one result for all trials. Its seeds are
moved by the trial's: with seed 0 they are what the script says.
"""

from __future__ import annotations

__all__ = ["impose"]

import functools
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

_STRIDE = 7919
"""Between the seeds of two trials: a prime, so that scripts that count seeds up do not meet."""


def impose(seed: int) -> None:
    """Seed all generators, and move every seed that the script sets from now on.

    Moved are `random.seed`, `numpy.random.seed`, `RandomState`, `default_rng`,
    `torch.manual_seed` and its kin, and `torch.Generator.manual_seed`; scikit-learn's
    `random_state=` reaches these. It is never undone: a trial is a process of its own.

    Args:
        seed: 0 leaves the script's own seeds as they are.
    """
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    offset = seed * _STRIDE
    if not offset:
        return
    for owner, name in (
        (random, "seed"),
        (np.random, "seed"),
        (np.random, "default_rng"),
        (torch, "manual_seed"),
        (torch.random, "manual_seed"),
        (torch.cuda, "manual_seed"),
        (torch.cuda, "manual_seed_all"),
    ):
        _move(owner, name, offset)
    _move_random_state(offset)
    _move_generator(offset)


def _move(owner: Any, name: str, offset: int) -> None:
    original: Callable[..., Any] = getattr(owner, name)

    @functools.wraps(original)
    def moved(*args: Any, **kwargs: Any) -> Any:
        if args and _is_seed(args[0]):
            args = (_moved(args[0], offset), *args[1:])
        for keyword in ("seed", "a"):  # the second one is random's
            if _is_seed(kwargs.get(keyword)):
                kwargs[keyword] = _moved(kwargs[keyword], offset)
        return original(*args, **kwargs)

    setattr(owner, name, moved)


def _move_random_state(offset: int) -> None:
    original = np.random.RandomState

    class _Meta(type):
        # What NumPy made before is a RandomState as well.
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, original)

    class RandomState(original, metaclass=_Meta):  # type: ignore[misc, valid-type]
        def __init__(self, seed: Any = None) -> None:
            super().__init__(_moved(seed, offset) if _is_seed(seed) else seed)

        def seed(self, seed: Any = None) -> None:
            super().seed(_moved(seed, offset) if _is_seed(seed) else seed)

    np.random.RandomState = RandomState  # type: ignore[misc]
    np.random.mtrand.RandomState = RandomState  # type: ignore[misc]


def _move_generator(offset: int) -> None:
    original = torch.Generator

    class _Meta(type(original)):  # type: ignore[misc]
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, original)

    class Generator(original, metaclass=_Meta):  # type: ignore[misc, valid-type]
        def manual_seed(self, seed: int) -> Any:
            return super().manual_seed(_moved(seed, offset))

    torch.Generator = Generator  # type: ignore[misc]


def _is_seed(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _moved(seed: Any, offset: int) -> int:
    return (int(seed) + offset) % 2**32
