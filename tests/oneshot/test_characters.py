"""The embedder that comes with trainwell."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits
from tests.oneshot.drawings import drawings

from trainwell.oneshot import OneShotClassifier, characters
from trainwell.oneshot.characters import ASSET


def test_it_tells_drawings_that_nobody_has_shown_it() -> None:
    pictures, names = drawings(labels=20, each=2, side=40)
    classifier = OneShotClassifier("characters").fit(list(pictures[::2]), names[::2])
    assert classifier.score(list(pictures[1::2]), names[1::2]) >= 0.9


def test_digits_from_one_example_each() -> None:
    digits = load_digits()
    pictures = [picture / 16 for picture in digits.images[:400]]
    labels = digits.target[:400]
    first = [int(np.flatnonzero(labels == digit)[0]) for digit in range(10)]
    classifier = OneShotClassifier(characters())
    for digit, row in enumerate(first):
        classifier.enroll(digit, pictures[row])
    rest = np.setdiff1d(np.arange(400), first)
    assert classifier.score([pictures[row] for row in rest], labels[rest]) > 0.6


def test_eight_turns_refuse_unknowns() -> None:
    pictures, names = drawings(labels=12, each=2, side=40)
    classifier = OneShotClassifier(characters(turns=8)).fit(list(pictures[:12:2]), names[:12:2])
    known = classifier.predict(list(pictures[1:12:2]), unknown=True)
    strangers = classifier.predict(list(pictures[12:]), unknown=True)
    assert sum(a == b for a, b in zip(known, names[1:12:2], strict=True)) >= 4
    assert sum(label is not None for label in strangers) <= 2


def test_it_is_small_and_brings_its_cohort() -> None:
    assert sum(file.stat().st_size for file in ASSET.iterdir()) < 1_300_000
    assert (ASSET.parent / "README.md").read_text().startswith("# characters")
    embedder = characters()
    cohort = embedder.cohort()
    assert cohort is not None
    assert len(np.unique(cohort[1])) == 242
    assert characters(turns=8).embed([np.eye(20)]).shape == (1, 8 * cohort[0].shape[1])
