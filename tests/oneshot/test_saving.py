"""Classifiers and embedders on disk: bit for bit, no pickle, damage noticed."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from trainwell.errors import BadInputError, UnknownNameError
from trainwell.oneshot import (
    ModuleEmbedder,
    OneShotClassifier,
    VectorEmbedder,
    load,
    load_embedder,
    save_embedder,
)


@pytest.mark.parametrize("scoring", ["plain", "standing", "ratio"])
@pytest.mark.parametrize("rule", ["prototype", "nearest"])
def test_a_loaded_classifier_answers_bit_for_bit(
    world: Any, cohort: Any, tmp_path: Path, scoring: str, rule: str
) -> None:
    x, y = world.take(range(12), 3)
    classifier = OneShotClassifier(scoring=scoring, rule=rule, cohort=cohort).fit(x, y)
    classifier.rename(3, "three").remove(example=0).forget(7)
    classifier.calibrate(false_accept=0.1)
    queries, _ = world.take(range(20), 5, seed=1)
    classifier.save(tmp_path / "model")
    again = load(tmp_path / "model")
    old, new = (c.predict_batch(queries, unknown=True) for c in (classifier, again))
    assert old.threshold == new.threshold
    for name in ("labels", "similarity", "score", "probability"):
        np.testing.assert_array_equal(getattr(old, name), getattr(new, name))
    assert again.labels == classifier.labels
    # What was loaded goes on learning, and may be saved where it came from.
    again.enroll("new", x[0]).save(tmp_path / "model")
    assert load(tmp_path / "model").labels == [*classifier.labels, "new"]
    assert not [n for n in os.listdir(tmp_path / "model") if n.endswith(".new")]


def test_a_module_of_the_users_has_to_be_given_again(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = torch.nn.Linear(4, 3)
    OneShotClassifier(module).enroll("a", np.ones(4)).save(tmp_path)
    with pytest.raises(BadInputError, match=r"`Linear`, which no file can hold: load\(path"):
        load(tmp_path)
    assert load(tmp_path, ModuleEmbedder(module)).predict(np.ones((1, 4)))[0] == "a"
    with pytest.raises(BadInputError, match="with other weights or settings"):
        load(tmp_path, torch.nn.Linear(4, 3))


def test_damage_is_noticed(world: Any, cohort: Any, tmp_path: Path) -> None:
    classifier = OneShotClassifier(cohort=cohort).fit(*world.take(range(4), 1))
    with pytest.raises(BadInputError, match="holds no classifier: No such file"):
        load(tmp_path / "nothing")
    classifier.save(tmp_path)
    raw = (tmp_path / "examples.safetensors").read_bytes()
    (tmp_path / "examples.safetensors").write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    with pytest.raises(BadInputError, match=r"is damaged: examples\.safetensors is not what"):
        load(tmp_path)
    (tmp_path / "examples.safetensors").unlink()
    with pytest.raises(BadInputError, match=r"is damaged: examples\.safetensors: No such file"):
        load(tmp_path)
    classifier.save(tmp_path)
    body = json.loads((tmp_path / "classifier.json").read_text())
    for wrong, text in [
        ("{", "no JSON"),
        ("[]", "of another format than 1"),
        (json.dumps(body | {"format": 9}), "of another format than 1"),
        (json.dumps({k: v for k, v in body.items() if k != "seats"}), "damaged: KeyError"),
        (json.dumps(body | {"embedder": body["embedder"] | {"kind": "other"}}), "kind `other`"),
    ]:
        (tmp_path / "classifier.json").write_text(wrong)
        with pytest.raises(BadInputError) as caught:
            load(tmp_path)
        assert text in str(caught.value)
    with pytest.raises(BadInputError, match="no label is enrolled yet"):
        OneShotClassifier().save(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInputError, match="cannot be written"):
        classifier.save(tmp_path / "file")


def test_embedders_go_through_files(tmp_path: Path) -> None:
    save_embedder(VectorEmbedder(batch_size=7), tmp_path)
    assert load_embedder(tmp_path).batch_size == 7
    assert load_embedder("vectors").kind == "vectors"
    with pytest.raises(UnknownNameError, match="did you mean `minilm`"):
        load_embedder("minilmm")
    with pytest.raises(BadInputError, match="cannot be built from a file"):
        save_embedder(ModuleEmbedder(torch.nn.Linear(2, 2)), tmp_path)
    (tmp_path / "embedder.json").write_text("{}")
    with pytest.raises(BadInputError, match="is damaged"):
        load_embedder(tmp_path)
    (tmp_path / "embedder.json").unlink()
    with pytest.raises(BadInputError, match="holds no embedder"):
        load_embedder(tmp_path)


def test_many_labels_load_at_once(tmp_path: Path) -> None:
    # A loose bound, for a busy machine: benchmarks/oneshot.py measures it.
    rows = np.random.default_rng(0).normal(size=(20_000, 8)).astype(np.float32)
    OneShotClassifier().fit(rows, np.arange(20_000)).save(tmp_path)
    begun = time.process_time()
    again = load(tmp_path)
    assert time.process_time() - begun < 5
    assert again.predict(rows[[5, 17_000]]).tolist() == [5, 17_000]
