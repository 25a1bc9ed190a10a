"""Sketches of vectors: equal for equal ones, and as far apart as the vectors on average."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles import sketches as oracle

from trainwell.measures.sketches import SAMPLE, fingerprint, sketch

VALUES = st.lists(st.floats(-1e6, 1e6), max_size=60)


@given(VALUES)
def test_a_sketch_agrees_with_the_oracle(values: list[float]) -> None:
    assert sketch(np.array(values)) == pytest.approx(oracle.sketch(values), rel=1e-9, abs=1e-6)


@given(VALUES)
def test_a_sketch_is_linear(values: list[float]) -> None:
    vector = np.array(values)
    assert sketch(3 * vector) == pytest.approx(3 * sketch(vector), rel=1e-9, abs=1e-5)
    assert sketch(-vector) == -sketch(vector)


def test_differences_of_sketches_are_distances_on_average() -> None:
    draw = np.random.default_rng(0)
    ratios = []
    for _ in range(2000):
        one, other = draw.standard_normal((2, 100))
        ratios.append((sketch(one) - sketch(other)) ** 2 / ((one - other) ** 2).sum())
    assert np.mean(ratios) == pytest.approx(1, abs=0.1)


def test_a_shift_of_all_elements_is_seen() -> None:
    # Signs that take turns would cancel it.
    for size in (4, 16, 64, 1024):
        assert abs(sketch(np.ones(size))) > 0


def test_a_longer_vector_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 1024 elements, got 1025"):
        sketch(np.zeros(SAMPLE + 1))


def test_a_fingerprint_is_the_same_in_every_process() -> None:
    assert fingerprint(b"123456789") == 0xCBF43926  # the check value of CRC-32
    assert fingerprint(b"") == zlib.crc32(b"")
