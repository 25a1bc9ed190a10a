"""The embedder that comes out of pretraining: files, turns, views."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tests.oneshot.drawings import drawings

from trainwell.errors import BadInputError
from trainwell.oneshot import (
    NetworkEmbedder,
    OneShotClassifier,
    Preparation,
    load,
    load_embedder,
    pretrain,
    save_embedder,
)

PICTURES, NAMES = drawings(labels=8, each=3)


@pytest.fixture(scope="module")
def embedder() -> NetworkEmbedder:
    return pretrain(
        PICTURES,
        NAMES,
        preparation=Preparation(size=12),
        widths=(4, 8),
        grid=2,
        steps=5,
        batch_size=16,
        held_out=0.25,
        name="letters",
    )


def test_a_file_brings_back_the_very_same_embedder(
    embedder: NetworkEmbedder, tmp_path: Path
) -> None:
    save_embedder(embedder, tmp_path / "e")
    again = load_embedder(tmp_path / "e")
    assert isinstance(again, NetworkEmbedder)
    assert again.name == "letters"
    np.testing.assert_array_equal(again.embed(PICTURES), embedder.embed(PICTURES))
    assert again.settings() == embedder.settings()
    (vectors, labels), (before, same_labels) = again.cohort() or (), embedder.cohort() or ()
    np.testing.assert_allclose(vectors, before, atol=0.005)
    np.testing.assert_array_equal(labels, same_labels)
    # What has been in a file once stays as it is from then on.
    save_embedder(again, tmp_path / "f")
    assert load_embedder(tmp_path / "f").fingerprint() == again.fingerprint()


def test_vectors_of_turns_lie_side_by_side(embedder: NetworkEmbedder) -> None:
    one, eight = embedder.embed(PICTURES), embedder.turning().embed(PICTURES)
    width = one.shape[1]
    assert eight.shape == (len(PICTURES), 8 * width)
    np.testing.assert_allclose(eight[:, :width], one, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(one, axis=1), 1, rtol=1e-5)
    # A turn is what turning the picture by hand is, but for how a resized picture is rounded.
    flat = Preparation(size=12, centre=False)
    plain = NetworkEmbedder(embedder.network, flat, turns=8)
    by_hand = NetworkEmbedder(embedder.network, flat).embed([p[:, ::-1] for p in PICTURES])
    mirrored = plain.embed(PICTURES)[:, 4 * width : 5 * width]
    np.testing.assert_allclose(mirrored, by_hand, atol=2e-3)


def test_eight_turns_bring_a_cohort_that_keeps_similarities(embedder: NetworkEmbedder) -> None:
    (one, labels), (eight, same) = embedder.cohort() or (), embedder.turning().cohort() or ()
    np.testing.assert_array_equal(labels, same)
    assert eight.shape == (len(one), 8 * one.shape[1])
    short, long = (rows / np.linalg.norm(rows, axis=1)[:, None] for rows in (one, eight))
    np.testing.assert_allclose(short @ short.T, long @ long.T, atol=1e-5)
    bare = NetworkEmbedder(embedder.network, embedder.preparation)
    assert bare.turning().cohort() is None


def test_views_begin_with_the_example_itself(embedder: NetworkEmbedder) -> None:
    example = PICTURES[0]
    views = embedder.views(example, 4, np.random.default_rng(0))
    assert views[0] is example
    assert len(views) == 4
    assert embedder.embed(views).shape == (4, 32)
    again = embedder.views(example, 4, np.random.default_rng(0))
    assert all(torch.equal(a, b) for a, b in zip(views[1:], again[1:], strict=True))
    assert not torch.equal(views[1], views[2])
    assert embedder.views("a.png", 1, np.random.default_rng(0)) == ["a.png"]


def test_embedding_leaves_the_network_as_it_was(embedder: NetworkEmbedder) -> None:
    embedder.network.train()
    before = {k: v.clone() for k, v in embedder.network.state_dict().items()}
    embedder.embed(PICTURES)
    assert embedder.network.training
    assert all(torch.equal(before[k], v) for k, v in embedder.network.state_dict().items())
    embedder.network.eval()


def test_what_does_not_fit_is_refused(embedder: NetworkEmbedder, tmp_path: Path) -> None:
    save_embedder(embedder, tmp_path / "e")
    path = tmp_path / "e" / "embedder.json"
    body = path.read_text()
    path.write_text(body.replace('"blocks": 1', '"blocks": 2'))
    with pytest.raises(BadInputError, match="the embedder `network` cannot be built again"):
        load_embedder(tmp_path / "e")
    with pytest.raises(BadInputError, match="`turns` must be 1 or 8, got 2"):
        embedder.turning(2)


def test_a_classifier_keeps_it(embedder: NetworkEmbedder, tmp_path: Path) -> None:
    classifier = OneShotClassifier(embedder).fit(list(PICTURES[::3]), NAMES[::3])
    classifier.save(tmp_path / "m")
    again = load(tmp_path / "m")
    rest = list(PICTURES[1::3])
    assert again.predict(rest).tolist() == classifier.predict(rest).tolist()
