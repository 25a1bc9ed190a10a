"""Augmented inputs."""

from __future__ import annotations

__all__ = ["AugmentInputs"]

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch

from trainwell.errors import BadInputError, CannotApplyError
from trainwell.remedies.remedy import Remedy

if TYPE_CHECKING:
    from trainwell.record import Run
    from trainwell.remedies.live import Live
    from trainwell.remedies.moments import Call, Loss
    from trainwell.remedies.survey import Survey

_MISSING = "augmenting pictures needs kornia: pip install 'trainwell[vision]'"


@dataclass(frozen=True)
class AugmentInputs(Remedy):
    """Shows the network changed examples in training.

    Pictures are rotated by up to 10 degrees, shifted by up to a tenth and scaled by up to a tenth
    (kornia's `RandomAffine`); they are not mirrored, since a mirrored 2 is no 2. Of other data,
    pairs of examples are mixed, and their losses with them (mixup).

    Attributes:
        strength: 1 for what is said above; half of it for 0.5, twice for 2. Of mixup it is a fifth
            of this: the parameter of the Beta distribution.

    Sources:
        Zhang et al. 2018, "mixup: beyond empirical risk minimization", section 3 (alpha between
        0.1 and 0.4 on ImageNet).
    """

    name: ClassVar[str] = "augment_inputs"
    against_overfitting: ClassVar[bool] = True

    strength: float = 1.0
    at_pictures: bool | None = None

    def __post_init__(self) -> None:
        if not 0 < self.strength <= 5:
            raise BadInputError(f"`{self.name}` takes a number in (0, 5], got {self.strength}")

    def fitted(self, run: Run, survey: Survey) -> Remedy:
        """For pictures, or for other data."""
        if survey.inputs is None:
            raise CannotApplyError("the network's first input is no floating point tensor")
        if survey.inputs.pictures:
            self._affine()
        elif not any(c.phase == "training" for c in run.losses.values()):
            raise CannotApplyError("mixup needs one of PyTorch's loss functions, none was seen")
        return AugmentInputs(self.strength, survey.inputs.pictures)

    def _affine(self) -> Callable[[torch.Tensor], torch.Tensor]:
        try:
            from kornia.augmentation import RandomAffine
        except ImportError as error:
            raise CannotApplyError(_MISSING) from error
        part = 0.1 * self.strength
        affine: Callable[[torch.Tensor], torch.Tensor] = RandomAffine(
            degrees=10 * self.strength, translate=(part, part), scale=(1 - part, 1 + part), p=1.0
        )
        return affine

    def apply(self, live: Live) -> None:
        """Change the inputs at every call in training; mix the losses of mixed examples."""
        affine: list[Callable[[torch.Tensor], torch.Tensor]] = []
        mixed: list[tuple[torch.Tensor, float]] = []

        def act(call: Call) -> None:
            mixed.clear()
            data = call.data
            if not call.training or not call.module.training or data is None or len(data) < 2:
                return
            pictures = data.dim() == 4 if self.at_pictures is None else self.at_pictures
            if pictures:
                if data.dim() != 4:
                    live.cannot(self, "only pictures of two dimensions are augmented")
                    return
                if not affine:
                    affine.append(self._affine())
                call.replace(affine[0](data))
                live.did(self)
            else:
                alpha = 0.2 * self.strength
                share = float(torch.distributions.Beta(alpha, alpha).sample())
                order = torch.randperm(len(data), device=data.device)
                call.replace(share * data + (1 - share) * data[order])
                mixed.append((order, share))

        def loss(call: Loss) -> None:
            if not call.training or not mixed:
                return
            order, share = mixed[0]
            if len(call.target) != len(order):
                live.cannot(self, "the loss has other rows than the input")
                return
            partner = call.functions[call.name](call.prediction, call.target[order], **call.options)
            call.finish.append(lambda value: share * value + (1 - share) * partner)
            live.did(self)

        live.on_call.append(act)
        live.on_loss.append(loss)

    def lines(self, survey: Survey) -> str:
        """What to add."""
        if survey.inputs is not None and survey.inputs.pictures:
            part = 0.1 * self.strength
            return (
                "from kornia.augmentation import RandomAffine\n"
                f"augment = RandomAffine(degrees={10 * self.strength:g}, translate=({part:g}, "
                f"{part:g}), scale=({1 - part:g}, {1 + part:g}), p=1.0)\n"
                "output = model(augment(x))  # in training only"
            )
        return (
            f"share = torch.distributions.Beta({0.2 * self.strength:g}, {0.2 * self.strength:g})"
            ".sample()\n"
            "order = torch.randperm(len(x))\n"
            "output = model(share * x + (1 - share) * x[order])  # in training only\n"
            "loss = share * criterion(output, y) + (1 - share) * criterion(output, y[order])"
        )
