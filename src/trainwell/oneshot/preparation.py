"""From what the user calls a picture to what a network takes: the same at training and after it."""

from __future__ import annotations

__all__ = ["INKS", "Preparation"]

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch.nn import functional

from trainwell.errors import BadInputError, UnknownNameError
from trainwell.oneshot.reading import picture_of

INKS = ("any", "dark", "light", "none")

_ROOM = 1.5
"""How much larger a prepared picture is than the network's input: what is turned or stretched is
drawn from it, and must not lose its sharpness."""

_WORKING = 3
"""A picture is centred at up to this many times the size of the network's input."""


@dataclass(frozen=True)
class Preparation:
    """Makes pictures of any size and kind into tensors of one shape.

    Pictures are padded to squares with the colour of their border before they are made smaller.

    Attributes:
        size: side of the network's input, pixels.
        channels: 1 for grey, 3 for colour.
        ink: which pixels are the drawing: "dark" ones (the picture is inverted, so that the ground
            is 0), "light" ones, or "any": those unlike the border, picture by picture. "none" for
            photographs: nothing is inverted, and `centre` is not done.
        centre: move the ink's centre of mass into the middle, and make drawings of small and
            large hands alike large.
        spread: the ink's root mean square distance from the middle after that, in half sides.

    Raises:
        BadInputError: if a value is out of its range.
    """

    size: int = 32
    channels: int = 1
    ink: str = "any"
    centre: bool = True
    spread: float = 0.5

    def __post_init__(self) -> None:
        if not 8 <= self.size <= 512:
            raise BadInputError(f"`size` must be 8 to 512 pixels, got {self.size}")
        if self.channels not in (1, 3):
            raise BadInputError(f"`channels` must be 1 (grey) or 3 (colour), got {self.channels}")
        if self.ink not in INKS:
            raise UnknownNameError("ink", str(self.ink), INKS)
        if not 0.1 <= self.spread <= 1:
            raise BadInputError(f"`spread` must be 0.1 to 1 half sides, got {self.spread}")

    @property
    def roomy(self) -> int:
        """Side of a prepared picture, pixels."""
        return round(_ROOM * self.size)

    def settings(self) -> dict[str, Any]:
        """Its fields, for a file."""
        return asdict(self)

    def __call__(self, examples: Sequence[Any]) -> torch.Tensor:
        """Prepared pictures, larger than the network's input: see `whole`.

        Args:
            examples: paths, pictures of PIL, arrays or tensors: (height, width), (height, width,
                channels) or (channels, height, width), uint8 or floats in [0, 1].

        Returns:
            (examples, channels, roomy, roomy), uint8: a dataset of them is kept in memory.

        Raises:
            BadInputError: if an example is no picture.
        """
        return torch.stack([self._prepared(picture_of(e, self.channels)) for e in examples])

    def whole(self, prepared: torch.Tensor) -> torch.Tensor:
        """The network's input without any change: (n, channels, size, size), float32 in [0, 1]."""
        unit = torch.eye(2, 3).expand(len(prepared), 2, 3)
        return self.drawn(prepared, unit)

    def drawn(
        self, prepared: torch.Tensor, maps: torch.Tensor, bend: torch.Tensor | None = None
    ) -> torch.Tensor:
        """The network's input, with each picture turned, moved or stretched.

        Args:
            prepared: (n, channels, roomy, roomy), uint8.
            maps: (n, 2, 3), affine maps from places of the output to places of the input.
            bend: (n, size, size, 2), what is added to these places, half sides.

        Returns:
            (n, channels, size, size), float32 in [0, 1].
        """
        shape = [len(prepared), self.channels, self.size, self.size]
        grid = functional.affine_grid(maps, shape, align_corners=False)
        if bend is not None:
            grid = grid + bend
        # What lies outside is ground: 0 for drawings, the nearest pixels for photographs.
        beyond = "border" if self.ink == "none" else "zeros"
        return functional.grid_sample(
            prepared.float().div_(255), grid, padding_mode=beyond, align_corners=False
        )

    def _prepared(self, picture: torch.Tensor) -> torch.Tensor:
        """(channels, height, width) in [0, 1] to (channels, roomy, roomy), uint8."""
        edge = torch.cat([picture[:, 0], picture[:, -1], picture[:, :, 0], picture[:, :, -1]], 1)
        ground = edge.median(1).values
        _, height, width = picture.shape
        side = max(height, width)
        if height != width:
            square = ground[:, None, None].repeat(1, side, side)
            top, left = (side - height) // 2, (side - width) // 2
            square[:, top : top + height, left : left + width] = picture
            picture = square
        if self.ink == "dark" or (self.ink == "any" and float(ground.mean()) > 0.5):
            picture = 1 - picture
        if self.ink != "none" and self.centre:
            if side > _WORKING * self.roomy:
                picture = _smaller(picture, _WORKING * self.roomy)
            picture = _centred(picture, self.spread)
        picture = _smaller(picture, self.roomy)
        return picture.mul(255).round().clamp(0, 255).to(torch.uint8)


def _smaller(picture: torch.Tensor, side: int) -> torch.Tensor:
    """A square picture at another size, without aliasing."""
    if picture.shape[-1] == side:
        return picture
    resized: torch.Tensor = functional.interpolate(
        picture[None], size=(side, side), mode="bilinear", antialias=True, align_corners=False
    )
    return resized[0]


def _centred(picture: torch.Tensor, spread: float) -> torch.Tensor:
    """The ink's centre of mass in the middle, its root mean square distance from it `spread`."""
    ink = picture.mean(0)
    total = float(ink.sum())
    if total <= 0:
        return picture
    side = ink.shape[-1]
    places = (torch.arange(side) + 0.5) * 2 / side - 1
    rows, columns = ink.sum(1) / total, ink.sum(0) / total
    y, x = float(rows @ places), float(columns @ places)
    distance = float(rows @ (places - y) ** 2 + columns @ (places - x) ** 2) ** 0.5
    # A dot stays a dot, and what fills the picture is made smaller by little.
    scale = min(max(distance / spread, 0.5), 1.2)
    maps = torch.tensor([[[scale, 0.0, x], [0.0, scale, y]]])
    grid = functional.affine_grid(maps, [1, *picture.shape], align_corners=False)
    moved: torch.Tensor = functional.grid_sample(picture[None], grid, align_corners=False)
    return moved[0]
