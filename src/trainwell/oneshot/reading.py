"""What the user calls a picture, read: a path, a picture of Pillow, an array or a tensor."""

from __future__ import annotations

__all__ = ["picture_of"]

import os
from typing import Any

import numpy as np
import torch

from trainwell.errors import BadInputError
from trainwell.oneshot.guests import guest


def picture_of(example: Any, channels: int) -> torch.Tensor:
    """A picture as (channels, height, width), float32 in [0, 1].

    Args:
        example: a path, a picture of PIL, an array or a tensor.
        channels: 1 for grey, 3 for colour.

    Raises:
        BadInputError: if it cannot be read, or is no picture.
    """
    if isinstance(example, str | os.PathLike):
        return _tensor(_read(os.fspath(example), channels), "the picture")
    if hasattr(example, "convert") and hasattr(example, "getbands"):
        return _tensor(np.asarray(_flat(example, channels)), "the picture")
    if isinstance(example, torch.Tensor):
        example = example.detach().cpu().numpy()
    try:
        array = np.asarray(example)
    except ValueError as error:
        raise BadInputError(
            f"an example must be a picture, got {type(example).__name__}"
        ) from error
    if array.dtype.kind not in "buif":
        raise BadInputError(
            "an example must be a path, a picture of PIL, or an array of numbers, got "
            f"{type(example).__name__}"
        )
    picture = _tensor(array, "an example")
    if picture.shape[0] == channels:
        return picture
    if channels == 3:
        return picture.expand(3, -1, -1)
    # The luma of ITU-R BT.601, as PIL's "L".
    return (picture * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(0, keepdim=True)


def _tensor(array: np.ndarray[Any, Any], what: str) -> torch.Tensor:
    """(1 or 3, height, width) in [0, 1] from an array of a picture's shape."""
    if array.ndim == 2:
        array = array[None]
    elif array.ndim == 3 and array.shape[2] in (1, 3) and array.shape[0] not in (1, 3):
        array = array.transpose(2, 0, 1)
    if array.ndim != 3 or array.shape[0] not in (1, 3) or not array.size:
        raise BadInputError(
            f"{what} must be (height, width), (height, width, channels) or (channels, height, "
            f"width) with 1 or 3 channels, got {tuple(array.shape)}"
        )
    # A copy: arrays of PIL and memory maps may be read only.
    values = torch.from_numpy(array.astype(np.float32))
    low, high = float(values.min()), float(values.max())
    whole = array.dtype == np.uint8 or (array.dtype.kind in "iu" and high > 1)
    if not (low >= 0 and high <= (255 if whole else 1)):
        raise BadInputError(
            f"the pixels of {what} must be whole numbers in [0, 255], or numbers in [0, 1], got "
            f"{low:g} to {high:g}"
        )
    return values / 255 if whole else values


def _read(path: str, channels: int) -> np.ndarray[Any, Any]:
    pillow = guest("PIL.Image", "reading a picture", "pip install 'trainwell[oneshot-image]'")
    try:
        with pillow.open(path) as picture:
            return np.asarray(_flat(picture, channels))
    except pillow.UnidentifiedImageError as error:
        raise BadInputError(f"`{path}` is no picture that can be read") from error
    except (OSError, ValueError, SyntaxError, pillow.DecompressionBombError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadInputError(f"`{path}` cannot be read: {reason}") from error


def _flat(picture: Any, channels: int) -> Any:
    """Grey or colour; what is transparent lies on white, as a viewer shows it."""
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        from PIL import Image

        clear = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear)
    if picture.mode.startswith(("I", "F")):
        values = np.asarray(picture, dtype=np.float32)
        # Sixteen bits a pixel, whatever PIL calls them.
        return np.clip(values / 65535 if values.max() > 255 else values / 255, 0, 1)
    return picture.convert("L" if channels == 1 else "RGB")
