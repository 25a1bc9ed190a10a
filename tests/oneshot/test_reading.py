"""What the user calls a picture is read alike, whatever it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from trainwell.errors import BadInputError
from trainwell.oneshot.reading import picture_of

GREY = np.zeros((12, 20), np.uint8)
GREY[3:9, 4:7] = 200


def test_kinds_of_examples_give_one_picture(tmp_path: Path) -> None:
    Image.fromarray(GREY).save(tmp_path / "a.png")
    colour = np.repeat(GREY[:, :, None], 3, 2)
    kinds = [
        GREY,
        GREY.astype(np.float64) / 255,
        colour,
        GREY.astype(np.int64),
        GREY[:, :, None],
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


@pytest.mark.parametrize(
    ("example", "text"),
    [
        (np.zeros(5), r"must be \(height, width\).*got \(5,\)"),
        (np.zeros((2, 3, 4, 5)), r"got \(2, 3, 4, 5\)"),
        (np.zeros((0, 3)), r"got \(1, 0, 3\)"),
        (np.full((4, 4), 300.0), r"whole numbers in \[0, 255\], or numbers in \[0, 1\], got 300"),
        (np.full((4, 4), np.nan), r"numbers in \[0, 1\], got nan to nan"),
        (np.full((4, 4), 300), r"in \[0, 255\], or numbers in \[0, 1\], got 300 to 300"),
        (np.full((4, 4), -1), "got -1 to -1"),
        ({"a": 1}, "must be a path, a picture of PIL, or an array of numbers, got dict"),
        ([["a", "b"]], "must be a path, a picture of PIL, or an array of numbers, got list"),
        (object(), "got object"),
        ("no/such.png", "`no/such.png` cannot be read: No such file or directory"),
    ],
)
def test_what_is_no_picture_is_refused(example: object, text: str) -> None:
    with pytest.raises(BadInputError, match=text):
        picture_of(example, 1)


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
    with pytest.raises(BadInputError, match=r"`missing\.png` cannot be read: No such file"):
        picture_of("missing.png", 3)


def test_colours_keep_their_places(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (6, 5, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    expected = pixels.transpose(2, 0, 1).astype(np.float32) / 255
    for given in (
        tmp_path / "a.png",
        Image.fromarray(pixels),
        pixels,
        pixels.astype(np.int32),
        expected,
        expected.transpose(1, 2, 0),
    ):
        np.testing.assert_allclose(picture_of(given, 3), expected, atol=1e-6)
    assert picture_of(np.zeros((4, 4)), 3).shape == (3, 4, 4)
    assert picture_of(np.zeros((1, 4, 4)), 3).shape == (3, 4, 4)
