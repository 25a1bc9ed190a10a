"""Pictures of any kind become the network's input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from trainwell.errors import BadInputError
from trainwell.oneshot.preparation import Preparation, picture_of

GREY = np.zeros((12, 20), np.uint8)
GREY[3:9, 4:7] = 200


def test_kinds_of_examples_give_one_picture(tmp_path: Path) -> None:
    Image.fromarray(GREY).save(tmp_path / "a.png")
    colour = np.repeat(GREY[:, :, None], 3, 2)
    kinds = [
        GREY,
        GREY.astype(np.float64) / 255,
        colour,
        torch.from_numpy(GREY)[None],
        torch.from_numpy(colour).permute(2, 0, 1),
        Image.fromarray(GREY),
        Image.fromarray(colour),
        tmp_path / "a.png",
        str(tmp_path / "a.png"),
    ]
    pictures = torch.stack([picture_of(kind, 1) for kind in kinds])
    assert pictures.shape == (len(kinds), 1, 12, 20)
    torch.testing.assert_close(pictures, pictures[:1].expand_as(pictures), atol=1e-5, rtol=0)
    assert picture_of(GREY, 3).shape == (3, 12, 20)


def test_transparent_pictures_lie_on_white_and_deep_ones_keep_their_range(tmp_path: Path) -> None:
    clear = np.zeros((4, 4, 4), np.uint8)
    Image.fromarray(clear, "RGBA").save(tmp_path / "clear.png")
    assert float(picture_of(tmp_path / "clear.png", 1).min()) == 1
    deep = np.full((4, 4), 32768, np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    assert float(picture_of(tmp_path / "deep.png", 1).mean()) == pytest.approx(0.5, abs=1e-3)


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


@pytest.mark.parametrize(
    ("example", "text"),
    [
        (np.zeros(5), r"must be \(height, width\).*got \(5,\)"),
        (np.zeros((2, 3, 4, 5)), r"got \(2, 3, 4, 5\)"),
        (np.zeros((0, 3)), r"got \(1, 0, 3\)"),
        (np.full((4, 4), 300.0), r"must be uint8, or numbers in \[0, 1\], got 300 to 300"),
        (np.full((4, 4), np.nan), r"numbers in \[0, 1\], got nan to nan"),
        ([["a", "b"]], "must be a path, a picture of PIL, or an array of numbers, got list"),
        (object(), "got object"),
        ("no/such.png", "`no/such.png` cannot be read: No such file or directory"),
    ],
)
def test_what_is_no_picture_is_refused(example: object, text: str) -> None:
    with pytest.raises(BadInputError, match=text):
        Preparation()([example])


def test_files_that_are_no_pictures_are_named(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(BadInputError, match=r"text.png` is no picture that can be read"):
        picture_of(tmp_path / "text.png", 1)
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)).save(
        tmp_path / "cut.png"
    )
    whole = (tmp_path / "cut.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInputError, match=r"cut.png` cannot be read: "):
        picture_of(tmp_path / "cut.png", 1)


@pytest.mark.parametrize("wrong", [{"size": 4}, {"channels": 2}, {"ink": "drak"}, {"spread": 0.0}])
def test_settings_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadInputError):
        Preparation(**wrong)  # type: ignore[arg-type]
