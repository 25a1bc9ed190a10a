"""One number of a tensor, from whose differences the distance of two tensors can be told."""

from __future__ import annotations

__all__ = ["SAMPLE", "fingerprint", "sketch"]

import random
import zlib

import numpy as np
import numpy.typing as npt

SAMPLE = 1_024
"""Elements of a tensor that are sketched."""

# A generator of its own: the script's random numbers stay untouched, and all ranks have the same.
_BITS = random.Random(20_240_229).getrandbits(SAMPLE)
_SIGNS = np.array([1.0 if _BITS >> at & 1 else -1.0 for at in range(SAMPLE)])


def sketch(values: npt.NDArray[np.float64]) -> float:
    """The sum of a vector's elements, each with a fixed random sign.

    Equal vectors have equal sketches, to the last bit. The sketches of two others differ by the
    sketch of their difference, whose square is their squared Euclidean distance in expectation over
    the signs (Alon, Matias & Szegedy 1996, "The space complexity of approximating the frequency
    moments", section 2.2).

    Args:
        values: a vector of at most `SAMPLE` elements.

    Raises:
        ValueError: if it has more.
    """
    if values.size > SAMPLE:
        raise ValueError(f"`values` must have at most {SAMPLE} elements, got {values.size}")
    return float((values * _SIGNS[: values.size]).sum())


def fingerprint(row: bytes) -> int:
    """A number in [0, 2**32) that is the same in every process, unlike Python's own `hash`."""
    return zlib.crc32(row)
