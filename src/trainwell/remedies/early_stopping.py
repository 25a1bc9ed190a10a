"""Early stopping with the best weights."""

from __future__ import annotations

__all__ = ["EarlyStopping"]

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import nn

from trainwell.errors import BadInputError, CannotApplyError
from trainwell.remedies.remedy import Remedy

if TYPE_CHECKING:
    from trainwell.record import Run
    from trainwell.remedies.live import Live
    from trainwell.remedies.moments import Building
    from trainwell.remedies.survey import Survey


@dataclass(frozen=True)
class EarlyStopping(Remedy):
    """Goes back to the weights of the best evaluation, once some evaluations were no better.

    From then on the weights stay as they are: the script itself goes on to its end. Before the
    last evaluation, where their number is known, the best weights are put back in any case.

    The evaluation that chooses is the one that judges: its loss is a little too good afterwards.
    Where a test set exists, that one should judge.

    Attributes:
        patience: evaluations without a better one.
        at_evaluations: how many the script makes; None when unknown.

    Sources:
        Prechelt 1998, "Early stopping - but when?" (criterion UP).
    """

    name: ClassVar[str] = "early_stopping"
    against_overfitting: ClassVar[bool] = True

    patience: int = 5
    at_evaluations: int | None = None

    def __post_init__(self) -> None:
        if self.patience < 1:
            raise BadInputError(f"`{self.name}` takes a whole number above 0, got {self.patience}")

    def fitted(self, run: Run, survey: Survey) -> Remedy:
        """With the number of the script's evaluations."""
        del run
        if survey.evaluations < 3:
            raise CannotApplyError(f"{survey.evaluations} evaluations are too few to stop early")
        return EarlyStopping(self.patience, survey.evaluations)

    def apply(self, live: Live) -> None:
        """Keep the best weights after each evaluation, and give them back."""
        state = _State(self.patience, self.at_evaluations)

        def building(event: Building) -> None:
            state.models += [m for m in event.models if not any(m is k for k in state.models)]

        def evaluated(loss: float) -> None:
            state.judge(loss)
            live.did(self)

        def stepped(optimizer: torch.optim.Optimizer) -> None:
            del optimizer
            state.moved()

        live.on_building.append(building)
        live.after_evaluation.append(evaluated)
        live.after_step.append(stepped)
        live.before_evaluation.append(state.before)

    def lines(self, survey: Survey) -> str:
        """Code around the script's own evaluation."""
        del survey
        return (
            "# before the first epoch:\n"
            "best, best_weights, waited = float('inf'), None, 0\n"
            "# after each evaluation:\n"
            "if eval_loss < best:\n"
            "    best, waited = eval_loss, 0\n"
            "    best_weights = {k: v.clone() for k, v in model.state_dict().items()}\n"
            "else:\n"
            "    waited += 1\n"
            f"    if waited >= {self.patience}:\n"
            "        break\n"
            "# after the loop:\n"
            "model.load_state_dict(best_weights)"
        )


class _State:
    def __init__(self, patience: int, evaluations: int | None) -> None:
        self.models: list[nn.Module] = []
        self.stopped = False
        self._patience = patience
        self._left = evaluations
        self._best = math.inf
        self._waited = 0
        self._kept: list[dict[str, torch.Tensor]] = []
        self._judged: list[dict[str, torch.Tensor]] | None = None

    def judge(self, loss: float) -> None:
        if self._left is not None:
            self._left -= 1
        if self.stopped:
            return
        if loss < self._best:
            self._best, self._waited = loss, 0
            self._kept = self._copies() if self._judged is None else self._judged
        else:
            self._waited += 1
            self.stopped = self._waited >= self._patience

    def before(self) -> None:
        if self.stopped or (self._left == 1 and self._kept):
            # Batch statistics move in passes without steps: they are put back as well.
            self.restore()
        elif not self.stopped:
            # The end of an evaluation is seen at the next backward: by then the pass before it
            # has moved batch statistics.
            self._judged = self._copies()

    def moved(self) -> None:
        self._judged = None
        if self.stopped:
            self.restore()

    def _copies(self) -> list[dict[str, torch.Tensor]]:
        return [{k: v.detach().clone() for k, v in m.state_dict().items()} for m in self.models]

    def restore(self) -> None:
        for model, kept in zip(self.models, self._kept, strict=False):
            with torch.no_grad():
                for name, tensor in model.state_dict().items():
                    tensor.copy_(kept[name])
