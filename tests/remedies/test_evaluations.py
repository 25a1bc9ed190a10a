"""What is done after an evaluation: the weights of the best one are kept and given back."""

from __future__ import annotations

import copy
from contextlib import suppress
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from tests.remedies.training import classes, evaluate, network, train
from tests.treated import treated
from torch import nn

from trainwell.errors import CannotApplyError
from trainwell.record import Run
from trainwell.remedies.early_stopping import EarlyStopping
from trainwell.remedies.survey import Survey


def unstable(model: nn.Module) -> torch.optim.Optimizer:
    """A rate at which some evaluations are worse than earlier ones."""
    return torch.optim.SGD(model.parameters(), lr=3.0)


def best_by_hand(patience: int, epochs: int) -> tuple[dict[str, torch.Tensor], list[float]]:
    """Prechelt's rule, with the evaluations up to the stop."""
    best, waited, seen = float("inf"), 0, []
    kept: dict[str, torch.Tensor] = {}

    class Stop(Exception):
        pass

    def after(model: nn.Module, loss: float) -> None:
        nonlocal best, waited, kept
        seen.append(loss)
        if loss < best:
            best, waited, kept = loss, 0, copy.deepcopy(model.state_dict())
        else:
            waited += 1
            if waited == patience:
                raise Stop

    with suppress(Stop):
        train(classes(), normed(), unstable, epochs=epochs, after_epoch=after)
    return kept, seen


def normed() -> nn.Module:
    """With batch statistics, which move in passes without steps."""
    return nn.Sequential(nn.BatchNorm1d(4), *network())


def assert_weights(model: nn.Module, kept: dict[str, torch.Tensor]) -> None:
    for name, tensor in model.state_dict().items():
        if "num_batches" not in name:
            torch.testing.assert_close(tensor, kept[name], rtol=1e-6, atol=1e-6, msg=name)


@pytest.mark.parametrize("patience", [1, 2])
def test_the_best_weights_are_back_after_the_stop(patience: int) -> None:
    kept, seen = best_by_hand(patience, epochs=12)
    assert len(seen) < 10  # it stops
    remedy = EarlyStopping(patience)
    with treated(remedy):
        found = train(classes(), normed(), unstable, epochs=12)
    assert found.judged[: len(seen)] == pytest.approx(seen)
    # From then on the script evaluates the best weights.
    assert found.judged[len(seen) :] == pytest.approx([min(seen)] * (12 - len(seen)))
    assert_weights_of_evaluation(found.model, kept)


def assert_weights_of_evaluation(model: nn.Module, kept: dict[str, torch.Tensor]) -> None:
    best = normed()
    best.load_state_dict(kept)
    assert evaluate(classes(), model, F.cross_entropy) == pytest.approx(
        evaluate(classes(), best, F.cross_entropy)
    )


def test_the_last_evaluation_is_of_the_best_weights_in_any_case() -> None:
    kept, seen = best_by_hand(patience=100, epochs=6)
    assert seen[-1] > min(seen)  # the last one is not the best
    with treated(EarlyStopping(100, at_evaluations=6)):
        found = train(classes(), normed(), unstable, epochs=6)
    assert found.judged == pytest.approx([*seen[:-1], min(seen[:-1])])
    assert_weights(found.model, kept)


def test_too_few_evaluations_are_no_reason_to_stop() -> None:
    with pytest.raises(CannotApplyError, match="2 evaluations are too few to stop early"):
        EarlyStopping().fitted(Run("run", "train.py"), Survey("train.py", evaluations=2))
    fitted: Any = EarlyStopping(3).fitted(Run("run", "train.py"), Survey("train.py", evaluations=7))
    assert (fitted.patience, fitted.at_evaluations) == (3, 7)
