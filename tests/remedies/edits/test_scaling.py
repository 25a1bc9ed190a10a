"""Arguments and numbers multiplied."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwell.errors import UnsafeEditError
from trainwell.remedies.edits import scale_argument
from trainwell.remedies.edits.literals import number, product


@pytest.mark.parametrize(
    ("value", "factor", "new"),
    [
        ("0.1", 0.1, "0.01"),
        ("1e-3", 10, "0.01"),
        ("1e-3", 10.0, "0.01"),
        ("3e-4", 0.1, "3e-5"),
        (".5", 10, "5.0"),
        ("1", 0.1, "0.1"),
        ("32", 4, "128"),
        ("32", 0.5, "16"),
        ("1_000", 2, "2000"),
        ("0x10", 2, "32"),
        ("-0.1", 0.1, "-0.01"),
        ("lr", 0.1, "lr * 0.1"),
        ("lr", 10.0, "lr * 10"),
        ("a.b[0](c)", 0.1, "a.b[0](c) * 0.1"),
        ("a + b", 0.1, "(a + b) * 0.1"),
        ("(a + b)", 0.1, "(a + b) * 0.1"),
        ("a * b", 0.1, "a * b * 0.1"),
        ("a / b", 0.1, "a / b * 0.1"),
        ("a ** b", 0.1, "a ** b * 0.1"),
        ("-a", 0.1, "-a * 0.1"),
        ("a if b else c", 0.1, "(a if b else c) * 0.1"),
        ("a or b", 0.1, "(a or b) * 0.1"),
        ("not a", 0.1, "(not a) * 0.1"),
        ("a +\n  b", 0.1, "(a +\n  b) * 0.1"),
    ],
)
def test_scales(value: str, factor: float, new: str) -> None:
    source = "opt = Adam(w, lr={}, eps=1)  # tail\n"
    got = scale_argument(source.format(value), 1, {"Adam"}, "lr", factor)
    assert got == source.format(new)
    positional = "opt = Adam(w, {})\n"
    got = scale_argument(positional.format(value), 1, {"Adam"}, "lr", factor, position=1)
    assert got == positional.format(new)


def test_scales_the_default_of_what_is_not_given() -> None:
    got = scale_argument("Adam(w)\n", 1, {"Adam"}, "lr", 0.1, position=1, default="0.001")
    assert got == "Adam(w, lr=0.0001)\n"
    with pytest.raises(UnsafeEditError, match="line 1 gives `Adam` no `lr`"):
        scale_argument("Adam(w)\n", 1, {"Adam"}, "lr", 0.1)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_short_number_reads_back_as_itself(value: float) -> None:
    assert float(number(value)) == value


@given(
    st.floats(1e-9, 1e6),
    st.sampled_from([0.01, 0.1, 0.5, 3.0, 10.0]),
)
def test_a_product_is_the_product(value: float, factor: float) -> None:
    assert float(product(repr(value), factor)) == pytest.approx(value * factor, rel=1e-15)
