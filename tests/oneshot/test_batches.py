"""Batches, augmentation and losses of pretraining, against slow ways to say the same."""

from __future__ import annotations

import math

import pytest
import torch
from tests.oneshot.drawings import drawings

from trainwell.errors import BadInputError, UnknownNameError
from trainwell.oneshot.augmentation import Augmentation, turned
from trainwell.oneshot.batches import Batches
from trainwell.oneshot.held_out import HeldOut, split
from trainwell.oneshot.labelled import Labelled, labelled
from trainwell.oneshot.objectives import Objective
from trainwell.oneshot.preparation import Preparation

STILL = Augmentation(rotation=0, scale=0, shear=0, shift=0)
FLAT = Preparation(size=12, centre=False)


def letters(labels: int = 6, each: int = 3) -> Labelled:
    return labelled(*drawings(labels, each), FLAT)


def random(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_batch_holds_two_pictures_of_each_of_its_labels() -> None:
    data = letters()
    batches = Batches(data, FLAT, STILL, 8, 24, random())
    assert batches.labels == 48
    plain = FLAT.whole(data.pictures)
    for _ in range(20):
        batch = batches.draw()
        first, second = batch.labels.chunk(2)
        assert torch.equal(first, second)
        assert len(set(first.tolist())) == 12
        for picture, label in zip(batch.pictures, batch.labels.tolist(), strict=True):
            name, turn = divmod(label, 8)
            by_hand = [_turn(p, turn) for p in plain[data.labels == name]]
            assert min(float((picture - p).abs().max()) for p in by_hand) < 1e-4
        one, other = batch.pictures.chunk(2)
        assert float((one - other).abs().flatten(1).amax(1).min()) > 0.01


def _turn(picture: torch.Tensor, turn: int) -> torch.Tensor:
    """What reading at turned places gives: the picture mirrored, then turned back."""
    mirrored = picture.flip(2) if turn >= 4 else picture
    return mirrored.rot90(turn % 4, (1, 2))


def test_batches_are_cut_to_the_labels_there_are() -> None:
    batches = Batches(letters(labels=3), FLAT, STILL, 1, 128, random())
    assert batches.draw().pictures.shape == (6, 1, 12, 12)


def test_maps_stay_in_their_ranges_and_grow_with_strength() -> None:
    augmentation = Augmentation(rotation=20, scale=0, shear=0, shift=0.1)
    maps = augmentation.maps(500, random())
    angles = torch.atan2(maps[:, 1, 0], maps[:, 0, 0]) * 180 / math.pi
    assert 19 < float(angles.abs().max()) <= 20.001
    assert 0.19 < float(maps[:, :, 2].abs().max()) <= 0.2
    areas = torch.linalg.det(maps[:, :, :2])
    torch.testing.assert_close(areas, torch.ones(500))
    half = augmentation.maps(500, random(), 0.5)
    angles = torch.atan2(half[:, 1, 0], half[:, 0, 0]) * 180 / math.pi
    assert float(angles.abs().max()) <= 10.001
    torch.testing.assert_close(STILL.maps(3, random()), torch.eye(2, 3).expand(3, 2, 3))
    torch.testing.assert_close(
        turned(STILL.maps(1, random()), torch.tensor([4]))[0],
        torch.tensor([[-1.0, 0, 0], [0, 1, 0]]),
    )


def test_elastic_changes_are_smooth() -> None:
    assert STILL.bend(2, 12, random()) is None
    bend = Augmentation(elastic=0.05).bend(200, 24, random())
    assert bend is not None
    assert bend.shape == (200, 24, 24, 2)
    assert float(bend.std()) == pytest.approx(0.05, rel=0.3)
    assert float((bend[:, 1:] - bend[:, :-1]).abs().mean()) < 0.02


@pytest.mark.parametrize("kind", ["episodes", "classification", "both"])
def test_losses_are_what_their_papers_say(kind: str) -> None:
    torch.manual_seed(0)
    objective = Objective(kind, 9, 5).double()
    vectors = torch.randn(8, 5, dtype=torch.float64)
    labels = torch.tensor([4, 0, 8, 2] * 2)
    wanted = 0.0
    objective.requires_grad_(False)
    if kind != "classification":
        for query in range(8):
            there = range(4) if query >= 4 else range(4, 8)
            near = [torch.cosine_similarity(vectors[query], vectors[k], 0) * 16 for k in there]
            own = near[query % 4]
            wanted += float(torch.logsumexp(torch.stack(near), 0) - own) / 8
    if kind != "episodes":
        own_vectors = objective.label_vectors
        assert own_vectors is not None
        for query, label in enumerate(labels.tolist()):
            near = [
                torch.cosine_similarity(vectors[query], v, 0) * 16 for v in objective.label_vectors
            ]
            wanted += float(torch.logsumexp(torch.stack(near), 0) - near[label]) / 8
    assert float(objective(vectors, labels)) == pytest.approx(wanted, rel=1e-10)


def test_held_out_episodes_ask_for_other_pictures_of_each_label() -> None:
    data = letters(labels=5)
    episodes = HeldOut(data, random())
    assert episodes.examples.shape == (100, 5)
    for examples, queries in zip(episodes.examples, episodes.queries, strict=True):
        assert torch.equal(data.labels[examples], data.labels[queries])
        assert sorted(data.labels[examples].tolist()) == [0, 1, 2, 3, 4]
        assert not (examples == queries).any()
    told = torch.nn.functional.one_hot(data.labels).float()
    error, loss = episodes.look(lambda part: told[: len(part)])
    assert (error, round(loss, 3)) == (0.0, 0.0)


def test_what_is_held_out_is_learned_nowhere() -> None:
    data = letters()
    learned, kept = split(data, 0.34, random())
    assert kept is not None
    assert len(kept.names) == 3
    assert set(learned.names) | set(kept.names) == set(data.names)
    assert len(learned.pictures) + len(kept.pictures) == len(data.pictures)
    assert learned.labels.tolist() == [n for n in range(3) for _ in range(3)]
    deep = Labelled(data.pictures, data.labels, tuple(f"{'AB'[n % 2]}/{n}" for n in range(6)))
    _, kept = split(deep, "A", random())
    assert kept is not None
    assert kept.names == ("A/0", "A/2", "A/4")


@pytest.mark.parametrize("wrong", [{"rotation": -1}, {"scale": 2}, {"elastic": 0.6}])
def test_augmentations_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadInputError, match="of an augmentation must be 0 to "):
        Augmentation(**wrong)


def test_an_unknown_objective_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="unknown objective"):
        Objective("contrast", 2, 2)
