"""Pictures of any kind become the network's input."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from trainwell.errors import BadInputError
from trainwell.oneshot.preparation import Preparation

GREY = np.zeros((12, 20), np.uint8)
GREY[3:9, 4:7] = 200


def test_ink_is_light_on_dark_whatever_it_was() -> None:
    prepare = Preparation(size=16)
    light, dark = prepare([GREY, 255 - GREY])
    torch.testing.assert_close(light, dark, atol=1, rtol=0)
    assert light.shape == (1, 24, 24)
    assert light.dtype == torch.uint8
    kept = Preparation(size=16, ink="light")([255 - GREY])[0]
    assert kept.float().mean() > light.float().mean()


def test_place_and_size_of_a_drawing_do_not_matter() -> None:
    small, large = np.zeros((60, 60), np.uint8), np.zeros((60, 60), np.uint8)
    small[4:28, 5:17] = 255
    large[20:56, 30:48] = 255
    prepare = Preparation(size=24)
    a, b = prepare.whole(prepare([small, large]))
    # Edges of a smaller drawing are softer.
    assert float((a - b).abs().mean()) < 0.05
    places = (torch.arange(24) + 0.5) * 2 / 24 - 1
    ink = a[0] / a[0].sum()
    assert abs(float(ink.sum(0) @ places)) < 0.02
    assert abs(float(ink.sum(1) @ places)) < 0.02


def test_photographs_stay_as_they_are() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (48, 48, 3), dtype=np.uint8)
    prepare = Preparation(size=32, channels=3, ink="none")
    prepared = prepare([picture])
    torch.testing.assert_close(prepared[0].permute(1, 2, 0), torch.from_numpy(picture))
    assert prepare.whole(prepared).shape == (1, 3, 32, 32)


def test_an_empty_picture_is_no_trouble() -> None:
    assert float(Preparation()([np.zeros((30, 30))]).float().sum()) == 0


@pytest.mark.parametrize("wrong", [{"size": 4}, {"channels": 2}, {"ink": "drak"}, {"spread": 0.0}])
def test_settings_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadInputError):
        Preparation(**wrong)  # type: ignore[arg-type]
