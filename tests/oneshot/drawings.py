"""Invented letters: a few strokes a label, each time drawn a little differently."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image


def drawings(labels: int, each: int, side: int = 20, seed: int = 0) -> tuple[np.ndarray, list[str]]:
    """Light ink on dark ground, (labels x each, side, side) uint8, and their labels."""
    hand = np.random.default_rng(seed)
    pictures, names = [], []
    for label in range(labels):
        corners = np.random.default_rng(1000 + label).uniform(3, side - 4, (4, 2))
        for _ in range(each):
            points = corners + hand.normal(0, 0.5, corners.shape)
            picture = np.zeros((side, side), np.uint8)
            for a, b in pairwise(points):
                rows, columns = np.linspace(a, b, 40).round().astype(int).T.clip(0, side - 1)
                picture[rows, columns] = 255
            pictures.append(picture)
            names.append(f"letter{label:02d}")
    return np.stack(pictures), names


def folder_of(pictures: np.ndarray, names: list[str], into: Path) -> Path:
    """The same as a folder of folders of PNG files."""
    for number, (picture, name) in enumerate(zip(pictures, names, strict=True)):
        (into / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(into / name / f"{number:03d}.png")
    return into
