"""Numbers and curves in a line of text."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwell.report.numbers import count, figure, sparkline
from trainwell.report.paths import short_path

_BLOCKS = "▁▂▃▄▅▆▇█"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-3.0, "-3"),
        (1234.5, "1,234"),
        (0.123456, "0.123"),
        (12345678.0, "1.23e+07"),
        (1e-9, "1e-09"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (math.nan, "NaN"),
    ],
)
def test_figures(value: float, text: str) -> None:
    assert figure(value) == text


def test_counts() -> None:
    assert count(0, "step") == "0 steps"
    assert count(1, "loss", "losses") == "1 loss"
    assert count(2000, "loss", "losses") == "2,000 losses"


@given(st.lists(st.floats()), st.integers(1, 40))
def test_a_sparkline_fits_and_never_fails(values: list[float], width: int) -> None:
    line = sparkline(values, width)
    assert len(line) == min(len(values), width)
    assert set(line) <= set(_BLOCKS + "×")


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20), st.floats(0.01, 100))
def test_a_sparkline_has_no_unit(values: list[float], scale: float) -> None:
    if min(values) <= 0:
        shown = sparkline(values)
        again = sparkline([v * scale for v in values])
        pairs = zip(shown, again, strict=True)
        # One block apart at most: scaling may round a value that lies between two.
        assert all(abs(_BLOCKS.find(a) - _BLOCKS.find(b)) <= 1 for a, b in pairs)


def test_sparklines() -> None:
    assert sparkline([]) == ""
    assert sparkline([1, 1, 1]) == "▄▄▄"
    assert sparkline([0, 7]) == "▁█"
    assert sparkline([math.nan, 1, math.inf, 2]) == "×▁×█"
    assert sparkline([math.nan]) == "×"
    # Six decades on a logarithmic scale are six even steps.
    assert sparkline([10.0**n for n in range(-7, 1)]) == _BLOCKS
    # A loss that falls by a twentieth looks as if it did not fall.
    assert sparkline([2.0, 1.9], floor=0.0) == "██"
    assert sparkline([2.0, 1.9]) == "█▁"


def test_one_bad_value_in_a_block_is_not_averaged_away() -> None:
    assert sparkline([0.0] * 50 + [math.nan] + [1.0] * 49, 10) == "▁▁▁▁▁×████"


@pytest.mark.parametrize(
    ("file", "folder", "text"),
    [
        ("/a/b/train.py", "/a/b", "train.py"),
        ("/a/b/c/train.py", "/a/b", "c/train.py"),
        ("/a/nets/train.py", "/a/nets/b", "../train.py"),
        ("/x/train.py", "/a/b/c/d", "/x/train.py"),
        ("train.py", "/a/b", "train.py"),
        ("<stdin>", "/a/b", "<stdin>"),
        ("<ipython-input-3>", "/a", "<ipython-input-3>"),
    ],
)
def test_paths(file: str, folder: str, text: str) -> None:
    assert short_path(file, folder) == text
