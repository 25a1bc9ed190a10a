"""Pretraining: it learns, stops, resumes, keeps what Ctrl-C leaves, and refuses what cannot be."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.oneshot.drawings import drawings, folder_of
from torch.utils.data import TensorDataset

import trainwell
from trainwell.errors import BadInputError, TrainwellError
from trainwell.oneshot import NetworkEmbedder, Preparation, pretrain, save_embedder
from trainwell.oneshot.learning import Learning

PICTURES, NAMES = drawings(labels=10, each=4)
SMALL: dict[str, Any] = {
    "preparation": Preparation(size=12),
    "widths": (8, 12),
    "grid": 2,
    "batch_size": 16,
    "steps": 40,
    "held_out": 0.3,
    "patience": 20,
}


def weights(embedder: NetworkEmbedder) -> dict[str, torch.Tensor]:
    return embedder.network.state_dict()


def same(one: NetworkEmbedder, other: NetworkEmbedder) -> bool:
    pairs = zip(weights(one).values(), weights(other).values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


@pytest.fixture(scope="module")
def learned() -> NetworkEmbedder:
    return pretrain(PICTURES, NAMES, **SMALL)


def test_new_labels_are_told_from_one_example(learned: NetworkEmbedder) -> None:
    pictures, _ = drawings(labels=30, each=2, seed=7)
    new = learned.embed(pictures[20:])  # labels that were not learned
    examples, queries = new[::2], new[1::2]
    right = (queries @ examples.T).argmax(1) == np.arange(20)
    assert right.mean() > 0.6
    assert learned.looks[-1].step <= 40
    assert learned.looks[0].error is not None
    assert min(look.held_out_loss or 9 for look in learned.looks) < (
        learned.looks[0].held_out_loss or 0
    )


def test_the_cohort_is_of_the_labels_held_out(learned: NetworkEmbedder) -> None:
    cohort = learned.cohort()
    assert cohort is not None
    vectors, labels = cohort
    assert vectors.shape == (12, 48)
    assert set(labels.tolist()) == {0, 1, 2}
    turned = learned.turning().cohort()
    assert turned is not None
    np.testing.assert_array_equal(turned[0], np.concatenate([vectors] * 8, axis=1))


def test_the_probe_has_watched(learned: NetworkEmbedder) -> None:
    assert learned.record is not None
    assert learned.record.steps == learned.looks[-1].step
    assert {"cross_entropy"} == {call.function for call in learned.record.losses.values()}


def test_a_probe_that_is_there_already_sees_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with trainwell.watch(record=False) as run:
        embedder = pretrain(PICTURES, NAMES, **SMALL | {"steps": 5})
    assert embedder.record is None
    assert run.record.steps == 5


def test_same_seed_same_weights_and_random_numbers_untouched(learned: NetworkEmbedder) -> None:
    state = torch.get_rng_state()
    again = pretrain(PICTURES, NAMES, **SMALL)
    assert torch.equal(torch.get_rng_state(), state)
    assert same(learned, again)
    assert not same(learned, pretrain(PICTURES, NAMES, **SMALL, seed=1))


def test_folders_arrays_and_datasets_are_alike(tmp_path: Path) -> None:
    folder = folder_of(PICTURES, NAMES, tmp_path / "letters")
    (folder / "letter00" / "notes.txt").write_text("no picture")
    dataset = TensorDataset(torch.from_numpy(PICTURES), torch.arange(10).repeat_interleave(4))
    options = SMALL | {"steps": 3}
    by_array = pretrain(PICTURES, NAMES, **options)
    assert same(by_array, pretrain(str(folder), **options))
    assert same(by_array, pretrain(dataset, **options))
    assert same(by_array, pretrain(torch.from_numpy(PICTURES)[:, None], NAMES, **options))


@pytest.mark.parametrize("objective", ["classification", "both"])
@pytest.mark.parametrize("turns", [1, 4])
def test_other_objectives_and_turns_learn(objective: str, turns: int) -> None:
    options = SMALL | {"objective": objective, "turns": turns, "steps": 30}
    embedder = pretrain(PICTURES, NAMES, **options)
    assert embedder.looks[-1].loss < embedder.looks[0].loss


class _Interrupt:
    """Raises KeyboardInterrupt at a step, as Ctrl-C does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
        whole: Callable[[Learning], None] = Learning.step

        def step(learning: Learning) -> None:
            if learning.done == at:
                monkeypatch.undo()
                raise KeyboardInterrupt
            whole(learning)

        monkeypatch.setattr(Learning, "step", step)


def test_ctrl_c_keeps_the_embedder(monkeypatch: pytest.MonkeyPatch) -> None:
    _Interrupt(monkeypatch, at=9)
    with pytest.warns(UserWarning, match="interrupted after 9 of 40 steps; the embedder is kept"):
        embedder = pretrain(PICTURES, NAMES, **SMALL)
    assert embedder.looks[-1].step == 8
    assert embedder.embed(PICTURES[:2]).shape == (2, 48)


def test_it_resumes_to_the_same_weights(
    learned: NetworkEmbedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "letters.checkpoint"
    _Interrupt(monkeypatch, at=21)
    with pytest.warns(UserWarning, match=r"the same call goes on from `.*letters.checkpoint`"):
        pretrain(PICTURES, NAMES, **SMALL, checkpoint=path)
    again = pretrain(PICTURES, NAMES, **SMALL, checkpoint=path)
    assert same(learned, again)
    assert [k.step for k in again.looks] == [k.step for k in learned.looks]
    # One that has ended is not made again.
    monkeypatch.setattr(Learning, "step", lambda learning: pytest.fail("it learns again"))
    assert same(learned, pretrain(PICTURES, NAMES, **SMALL, checkpoint=path))
    with pytest.raises(BadInputError, match=r"of another pretraining, with `seed=0`"):
        pretrain(PICTURES, NAMES, **SMALL, checkpoint=path, seed=1)
    with pytest.raises(BadInputError, match=r"of another pretraining, with other pictures"):
        pretrain(PICTURES[::-1], NAMES, **SMALL, checkpoint=path)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(BadInputError, match=r"letters.checkpoint` is damaged"):
        pretrain(PICTURES, NAMES, **SMALL, checkpoint=path)
    save_embedder(learned, tmp_path / "e")
    with pytest.raises(BadInputError, match="is no checkpoint of `pretrain`"):
        pretrain(PICTURES, NAMES, **SMALL, checkpoint=tmp_path / "e" / "embedder.safetensors")


def test_it_stops_when_it_gets_no_better() -> None:
    # At this rate nothing is learned, so that the first looks stay the best or nearly so.
    options = SMALL | {"learning_rate": 1e-9, "patience": 2}
    embedder = pretrain(PICTURES, NAMES, **options)
    assert embedder.looks[-1].step < 40


def test_nothing_may_be_held_out() -> None:
    embedder = pretrain(PICTURES, NAMES, **SMALL | {"held_out": 0, "steps": 4})
    assert embedder.looks[-1].error is None
    cohort = embedder.cohort()
    assert cohort is not None
    assert len(set(cohort[1].tolist())) == 10
    named = pretrain(PICTURES, NAMES, **SMALL | {"held_out": NAMES[:8], "steps": 4})
    kept = named.cohort()
    assert kept is not None
    assert len(set(kept[1].tolist())) == 2


def test_a_loss_that_explodes_is_said() -> None:
    with pytest.raises(TrainwellError, match=r"the loss is not finite after .* lower `learning_ra"):
        pretrain(PICTURES, NAMES, **SMALL | {"learning_rate": 1e30})


@pytest.mark.parametrize(
    ("pictures", "names", "options", "text"),
    [
        (PICTURES, NAMES[:-1], {}, "40 pictures have 39 labels: one each is needed"),
        (PICTURES, ["a"] * 40, {}, "`labels` has 1 label, `a`: pretraining needs at least 2"),
        (PICTURES[:5], NAMES[:5], {}, "the label `letter01` has 1 picture: .* at least 2 of each"),
        (PICTURES, None, {}, "or an array beside `labels`, got ndarray alone"),
        (PICTURES.reshape(40, -1), NAMES, {}, r"must be \(pictures, height, width\).*\(40, 400\)"),
        (PICTURES * 3.0, NAMES, {}, r"numbers in \[0, 1\], got 0 to 765"),
        (PICTURES, [0.5] * 40, {}, "must be a list of names or whole numbers"),
        (3, None, {}, r"`data` must be a folder, a dataset .*got int"),
        ([1, 2, 3], None, {}, "an item of the dataset must begin with a picture and its label"),
        (PICTURES, NAMES, {"turns": 3}, "`turns` must be 1, 4 or 8, got 3"),
        (PICTURES, NAMES, {"objective": "episode"}, "unknown objective `episode`; did you mean"),
        (PICTURES, NAMES, {"held_out": 1.5}, r"`held_out` must be a share in \[0, 1\)"),
        (PICTURES, NAMES, {"held_out": 0.9}, "of 10 labels 9 would be held out"),
        (PICTURES, NAMES, {"held_out": ["Korean"]}, "names `Korean`, and no label begins with"),
        (PICTURES, NAMES, {"steps": 0}, "`steps` must be a whole number from 1 on, got 0"),
        (PICTURES, NAMES, {"batch_size": 2}, "`batch_size` must be a whole number from 4 on"),
        (PICTURES, NAMES, {"widths": ()}, "`widths` must be a whole number from 1 on"),
        (PICTURES, NAMES, {"learning_rate": 0}, "`learning_rate` must be above 0, got 0"),
        ("no/folder", None, {}, "`no/folder` does not exist: a folder of folders"),
        ("no/folder", NAMES, {}, "`labels` goes with an array: a folder has its own"),
    ],
)
def test_bad_input_is_one_clear_line(
    pictures: Any, names: Any, options: dict[str, Any], text: str
) -> None:
    with pytest.raises(BadInputError, match=text) as caught:
        pretrain(pictures, names, **SMALL | options)
    assert "\n" not in str(caught.value)


def test_folders_that_hold_no_labels_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInputError, match=r"empty` holds no pictures \(.bmp"):
        pretrain(tmp_path / "empty", **SMALL)
    flat = folder_of(PICTURES[:4], NAMES[:4], tmp_path / "flat") / "letter00"
    with pytest.raises(BadInputError, match=r"000.png` lies in no label's folder"):
        pretrain(flat, **SMALL)
    with pytest.raises(BadInputError, match=r"000.png` is no folder: a folder of folders"):
        pretrain(flat / "000.png", **SMALL)


def test_facts_of_a_checkpoint_are_json(tmp_path: Path) -> None:
    from trainwell.oneshot.checkpoints import load_checkpoint

    pretrain(PICTURES, NAMES, **SMALL | {"steps": 3}, checkpoint=tmp_path / "c")
    _, facts = load_checkpoint(str(tmp_path / "c"))
    assert json.loads(json.dumps(facts)) == facts
    assert facts["state"]["done"] == 3
