"""Changes of pictures that keep their labels, drawn for a whole batch at once."""

from __future__ import annotations

__all__ = ["TURNS", "Augmentation", "turned"]

import math
from dataclasses import asdict, dataclass, fields
from typing import Any

import torch
from torch.nn import functional

from trainwell.errors import BadInputError

TURNS = 8
"""Quarter turns of a picture, and the same of its mirror image."""


@dataclass(frozen=True)
class Augmentation:
    """Random affine and elastic changes; each is drawn evenly from its range, for each picture.

    The changes are places to read at, so that turning, stretching, shearing and bending cost one
    reading of the picture (`grid_sample`) together.

    Attributes:
        rotation: up to so many degrees, either way.
        scale: width and height are multiplied by exp(u), u within plus or minus this.
        shear: up to so much, either way.
        shift: up to this share of the picture's side.
        elastic: standard deviation of a smooth displacement, half sides; 0 for none.

    Raises:
        BadInputError: if a value is negative or too large to leave anything of a picture.

    Sources:
        Simard, Steinkraus and Platt 2003, "Best practices for convolutional neural networks applied
        to visual document analysis", section 2 (affine and elastic distortions).
    """

    rotation: float = 15.0
    scale: float = 0.2
    shear: float = 0.3
    shift: float = 0.1
    elastic: float = 0.0

    def __post_init__(self) -> None:
        most = {"rotation": 180.0, "scale": 1.0, "shear": 1.0, "shift": 0.5, "elastic": 0.5}
        for field in fields(self):
            value = getattr(self, field.name)
            if not 0 <= value <= most[field.name]:
                raise BadInputError(
                    f"`{field.name}` of an augmentation must be 0 to {most[field.name]:g}, "
                    f"got {value}"
                )

    def settings(self) -> dict[str, Any]:
        """Its fields, for a file."""
        return asdict(self)

    def maps(self, count: int, random: torch.Generator, strength: float = 1.0) -> torch.Tensor:
        """Affine maps from places of the new picture to places of the old one, (count, 2, 3).

        Args:
            count: pictures.
            random: where the changes come from.
            strength: what all ranges are multiplied by.
        """
        even = (torch.rand(count, 6, generator=random) * 2 - 1) * strength
        angle = even[:, 0] * (self.rotation * math.pi / 180)
        across, down = (even[:, 1:3] * self.scale).exp().unbind(1)
        lean = even[:, 3] * self.shear
        cos, sin = angle.cos(), angle.sin()
        first = torch.stack([cos * across, cos * lean - sin * down, even[:, 4] * 2 * self.shift], 1)
        second = torch.stack(
            [sin * across, sin * lean + cos * down, even[:, 5] * 2 * self.shift], 1
        )
        return torch.stack([first, second], 1)

    def bend(self, count: int, size: int, random: torch.Generator) -> torch.Tensor | None:
        """Smooth displacements of places, (count, size, size, 2), half sides; None where 0."""
        if not self.elastic:
            return None
        coarse = torch.randn(count, 2, 5, 5, generator=random) * self.elastic
        smooth = functional.interpolate(
            coarse, size=(size, size), mode="bicubic", align_corners=True
        )
        return smooth.permute(0, 2, 3, 1)


def turned(maps: torch.Tensor, turns: torch.Tensor) -> torch.Tensor:
    """Affine maps followed by quarter turns and, from the fourth on, a mirror: (n, 2, 3).

    Args:
        maps: (n, 2, 3).
        turns: (n,), whole numbers in [0, 8).
    """
    return _TURNS[turns] @ maps


def _turns() -> torch.Tensor:
    quarter = torch.tensor([[0.0, -1.0], [1.0, 0.0]])
    mirror = torch.tensor([[-1.0, 0.0], [0.0, 1.0]])
    plain = [torch.linalg.matrix_power(quarter, k) for k in range(4)]
    return torch.stack([*plain, *(mirror @ m for m in plain)])


_TURNS = _turns()
