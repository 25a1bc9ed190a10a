"""How predictions are judged, beside the slow oracle."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles import predictions as oracle

from trainwell.measures.predictions import classified

SEEDS = st.integers(0, 10_000)


def drawn(seed: int, rows: int, classes: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    prediction = 3 * torch.randn(rows, classes, generator=generator)
    return prediction, torch.randint(classes, (rows,), generator=generator)


@given(SEEDS, st.integers(1, 30), st.integers(2, 6))
def test_many_classes_agree_with_the_oracle(seed: int, rows: int, classes: int) -> None:
    prediction, target = drawn(seed, rows, classes)
    target[::4] = -100
    if bool((target < 0).all()):
        assert classified(prediction, target, "logits") is None
        return
    accuracy, confidence, judged = oracle.many(prediction.tolist(), target.tolist())
    for form, given_ in (("logits", prediction), ("log_probabilities", prediction.log_softmax(1))):
        seen = classified(given_, target, form)
        assert seen is not None
        assert (seen.accuracy, seen.confidence) == pytest.approx((accuracy, confidence), abs=1e-5)
        assert seen.rows == sum(seen.targets.values()) == sum(seen.predictions.values()) == judged
        assert sum(seen.right.values()) == pytest.approx(accuracy * judged)


@given(SEEDS, st.integers(1, 30), st.booleans())
def test_two_classes_agree_with_the_oracle(seed: int, rows: int, column: bool) -> None:
    prediction, target = drawn(seed, rows, 2)
    logits, target = prediction[:, :1], target.float().unsqueeze(1)
    if not column:
        logits, target = logits[:, 0], target[:, 0]
    accuracy, confidence = oracle.two(
        logits.sigmoid().reshape(-1).tolist(), target.reshape(-1).long().tolist()
    )
    for form, given_ in (("logit", logits), ("probability", logits.sigmoid())):
        seen = classified(given_, target, form)
        assert seen is not None
        assert (seen.accuracy, seen.confidence) == pytest.approx((accuracy, confidence), abs=1e-5)


def test_positions_count_as_rows() -> None:
    prediction, target = drawn(3, 24, 5)
    shaped = prediction.reshape(4, 6, 5).movedim(-1, 1)
    assert classified(shaped, target.reshape(4, 6), "logits") == classified(
        prediction, target, "logits"
    )


def test_only_some_rows_of_a_large_batch_are_read() -> None:
    prediction, target = drawn(0, 5_000, 3)
    seen = classified(prediction, target, "logits", rows=100)
    assert seen is not None
    assert seen.rows == 100


@pytest.mark.parametrize(
    ("prediction", "target", "form"),
    [
        (torch.zeros(4, 3), torch.full((4, 3), 1 / 3), "logits"),  # probabilities as targets
        (torch.zeros(4), torch.zeros(4, dtype=torch.long), "logits"),
        (torch.zeros(4, 3), torch.zeros(2, dtype=torch.long), "logits"),
        (torch.zeros(0, 3), torch.zeros(0, dtype=torch.long), "logits"),
        (torch.zeros(4, 3), torch.zeros(4, 3), "logit"),  # several labels an example
        (torch.zeros(4), torch.full((4,), 0.5), "probability"),
        (torch.zeros(4), torch.zeros(3), "probability"),
        (torch.zeros(0), torch.zeros(0), "logit"),
    ],
)
def test_what_holds_no_labels_is_not_judged(
    prediction: torch.Tensor, target: torch.Tensor, form: str
) -> None:
    assert classified(prediction, target, form) is None
