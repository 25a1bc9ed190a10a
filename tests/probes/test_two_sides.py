"""Data that do not fit, in small trainings in many clothes; and sound ones that look alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import (
    DataLoader,
    Dataset,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
)

from trainwell.diagnosis import diagnose
from trainwell.probes.probe import Probe
from trainwell.record import Run

Watched = Callable[..., Run]
HOME = Path(__file__).parent
Pair = tuple[torch.Tensor, torch.Tensor]


def kinds(rows: int = 900, columns: int = 8, count: int = 4, apart: float = 1.6) -> Pair:
    torch.manual_seed(5)
    label = torch.randint(count, (rows,))
    return apart * torch.randn(count, columns)[label] + torch.randn(rows, columns), label


def said(run: Run) -> set[str]:
    """Slugs of errors and warnings."""
    return {e.slug for e in diagnose(run).entries if e.severity != "info"}


def fit(
    loader: Any, test: Pair, columns: int = 8, count: int = 4, epochs: int = 5
) -> Callable[[], None]:
    """A training by a loader, evaluated by hand."""

    def train() -> None:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(columns, 24), nn.ReLU(), nn.Linear(24, count))
        optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
        for _ in range(epochs):
            for x, y in loader:
                optimizer.zero_grad()
                F.cross_entropy(model(x), y).backward()
                optimizer.step()
            with torch.no_grad():
                F.cross_entropy(model(test[0]), test[1])

    return train


def by_hand(train: Pair, test: Pair, **options: Any) -> Callable[[], None]:
    """The same with batches that are drawn by hand."""

    class Batches:
        def __iter__(self) -> Any:
            for rows in torch.randperm(len(train[1])).split(30):
                yield train[0][rows], train[1][rows]

    return fit(Batches(), test, train[0].shape[1], **options)


# DAT111 few-examples-drawn


class Pictures(Dataset[Pair]):
    def __init__(self, x: torch.Tensor, y: torch.Tensor) -> None:
        self.x, self.y = x, y

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, at: int) -> Any:
        return self.x[at], self.y[at]


def _few() -> dict[str, Any]:
    x, y = kinds()
    sound, rest = TensorDataset(x[:600], y[:600]), (x[600:], y[600:])
    shares = 1.0 / torch.bincount(y[:600])

    def first_batches(shuffle: bool) -> Any:
        class Steps:
            def __iter__(self) -> Any:
                loader = DataLoader(sound, 30, shuffle=shuffle)
                return iter([next(iter(loader)) for _ in range(20)])

        return Steps()

    class Narrow:
        def __init__(self, top: int) -> None:
            self.top = top

        def __iter__(self) -> Any:
            return iter(torch.randint(self.top, (600,)).tolist())

        def __len__(self) -> int:
            return 600

    return {
        "a weight a class": fit(
            DataLoader(sound, 30, sampler=WeightedRandomSampler(shares, 600)), rest
        ),
        "weights of 0": fit(
            DataLoader(
                Pictures(x[:600], y[:600]),
                30,
                sampler=WeightedRandomSampler((torch.arange(600) < 9).double(), 600),
            ),
            rest,
        ),
        "the first batch again": fit(first_batches(shuffle=False), rest),
        "a sampler of its own": fit(DataLoader(sound, 30, sampler=Narrow(20)), rest),
        "whole: a weight an example": fit(
            DataLoader(sound, 30, sampler=WeightedRandomSampler(shares[y[:600]], 600)), rest
        ),
        "whole: first batches of shuffles": fit(first_batches(shuffle=True), rest),
        "whole: a split by samplers": fit(
            DataLoader(sound, 30, sampler=SubsetRandomSampler(range(60))), rest
        ),
        "whole: a subset": fit(DataLoader(Subset(sound, range(400)), 30, shuffle=True), rest),
        "whole: a list": fit(
            DataLoader(list(zip(x[:600], y[:600], strict=True)), 30, shuffle=True), rest
        ),
        "whole: half an epoch": fit(
            DataLoader(sound, 30, sampler=torch.utils.data.RandomSampler(sound, num_samples=150)),
            rest,
            epochs=20,
        ),
    }


@pytest.mark.parametrize("name", _few())
def test_training_that_draws_few_examples(watched: Watched, name: str) -> None:
    run = watched(_few()[name], every=None)
    assert ("few-examples-drawn" in said(run)) is not name.startswith("whole")
    if name.startswith("whole"):
        assert not said(run)


def test_a_loader_without_a_batch(watched: Watched) -> None:
    x, y = kinds(20)

    def train() -> None:
        fit(DataLoader(TensorDataset(x, y), 32, drop_last=True), (x, y))()

    (entry,) = [e for e in diagnose(watched(train)).entries if e.slug == "few-examples-drawn"]
    assert "gave no batch in 5 passes" in entry.message
    assert entry.where[0].line


# DAT112 unrelated-labels


def _unrelated() -> dict[str, Any]:
    x, y = kinds()
    torch.manual_seed(6)
    other = y[torch.randperm(900)]
    noise = torch.randn(900, 8)

    def halves(a: torch.Tensor, b: torch.Tensor) -> tuple[Pair, Pair]:
        return (a[:600], b[:600]), (a[600:], b[600:])

    def loaded(a: torch.Tensor, b: torch.Tensor) -> Callable[[], None]:
        train, test = halves(a, b)
        return fit(DataLoader(TensorDataset(*train), 30, shuffle=True), test, epochs=8)

    return {
        "labels in another order": by_hand(*halves(x, other), epochs=8),
        "shifted by one": loaded(x, y.roll(1)),
        "inputs that are noise": loaded(noise, y),
        "rows sorted apart": by_hand(*halves(x[x[:, 0].argsort()], y), epochs=8),
        "sound: hard, but related": loaded(0.15 * x + noise, y),
        "sound: a slow start": by_hand(*halves(x, y), epochs=1),
        "sound: few columns tell": loaded(torch.cat([noise[:, :7], x[:, :1]], 1), y),
        "sound: binary": loaded(x, y // 2),
    }


@pytest.mark.parametrize("name", _unrelated())
def test_labels_of_other_examples(watched: Watched, name: str) -> None:
    run = watched(_unrelated()[name], every=None)
    assert ("unrelated-labels" in said(run)) is not name.startswith("sound")


# DAT113 mismatched-labels and DAT116 mismatched-columns


def _sides() -> dict[str, Any]:
    x, y = kinds()
    train, test = (x[:600], y[:600]), (x[600:], y[600:])
    torch.manual_seed(7)
    flipped = torch.where(torch.rand(600) < 0.4, torch.randint(4, (600,)), y[:600])
    stretched = test[0].clone()
    stretched[:, 3] = 4 * stretched[:, 3] + 10
    still = test[0].clone()
    still[:, [1, 4]] = 0.5
    missing = y[:600] != 2
    codes, exchanged = torch.tensor([1, 2, 3, 0]), torch.tensor([0, 2, 1, 3])
    noisy = train[0] + 1.5 * torch.randn(600, 8)
    uneven = x * torch.arange(1.0, 9.0) + torch.arange(8.0) * 3

    def loaded(some: Pair, other: Pair) -> Callable[[], None]:
        return fit(DataLoader(TensorDataset(*some), 30, shuffle=True), other)

    return {
        "mismatched-labels: two exchanged": by_hand(train, (test[0], exchanged[test[1]])),
        "mismatched-labels: other codes": loaded(train, (test[0], codes[test[1]])),
        "mismatched-labels: noise in training": by_hand((train[0], flipped), test),
        "mismatched-labels: a part of the rows": loaded(
            (train[0], torch.cat([y[:350], y[350:600].roll(3)])), test
        ),
        "mismatched-labels: a class that never came": by_hand(
            (train[0][missing], train[1][missing]), test
        ),
        "mismatched-columns: another unit": by_hand(train, (stretched, test[1])),
        "mismatched-columns: columns that are still": loaded(train, (still, test[1])),
        "mismatched-columns: another order": by_hand(
            (uneven[:600] / 10, y[:600]), (uneven[600:][:, [0, 5, 2, 3, 4, 1, 6, 7]] / 10, test[1])
        ),
        "sound": by_hand(train, test),
        "sound: rare classes": loaded(
            (torch.cat([x[:600], x[:40]]), torch.cat([y[:600], y[:40]])), test
        ),
        "sound: noise in the training inputs": by_hand((noisy, y[:600]), test),
        "sound: shifted a little": by_hand(train, (test[0] + 0.3, test[1])),
        "sound: noise in the test inputs": by_hand(
            train, (test[0] + 2.0 * torch.randn(300, 8), test[1])
        ),
    }


@pytest.mark.parametrize("name", _sides())
def test_sides_that_do_not_fit(watched: Watched, name: str) -> None:
    run = watched(_sides()[name], every=None)
    wanted = name.partition(":")[0]
    both = {"mismatched-labels", "mismatched-columns"}
    assert both & said(run) == (set() if wanted == "sound" else {wanted}), said(run)


# DAT109 leaked-validation on data of few values


def _leaks() -> dict[str, Any]:
    torch.manual_seed(8)
    bits = torch.randint(2, (900, 8)).float()
    parity = (bits[:, :3].sum(1) % 2).long()
    words = torch.randint(1, 60, (900, 10))
    odd = (words[:, 0] % 2).long()
    x, y = kinds()

    def reading(train: Pair, test: Pair) -> Callable[[], None]:
        def run() -> None:
            torch.manual_seed(0)
            model = nn.Sequential(nn.Embedding(60, 8), nn.Flatten(), nn.Linear(80, 2))
            optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
            for _ in range(5):
                for rows in torch.randperm(len(train[1])).split(30):
                    optimizer.zero_grad()
                    F.cross_entropy(model(train[0][rows]), train[1][rows]).backward()
                    optimizer.step()
                with torch.no_grad():
                    F.cross_entropy(model(test[0]), test[1])

        return run

    return {
        "sound: bits": by_hand((bits[:600], parity[:600]), (bits[600:], parity[600:]), count=2),
        "sound: words": reading((words[:600], odd[:600]), (words[600:], odd[600:])),
        "sound: numbers": by_hand((x[:600], y[:600]), (x[600:], y[600:])),
        "leak: words": reading((words[:600], odd[:600]), (words[450:750], odd[450:750])),
        "leak: numbers": by_hand((x[:600], y[:600]), (x[500:], y[500:])),
    }


@pytest.mark.parametrize("name", _leaks())
def test_equal_rows_by_chance_are_no_leak(watched: Watched, name: str) -> None:
    run = watched(_leaks()[name], every=None)
    assert ("leaked-validation" in said(run)) is name.startswith("leak")


def test_an_evaluation_of_the_training_data_beside_another_is_no_leak(watched: Watched) -> None:
    x, y = kinds()
    train, test = (x[:600], y[:600]), (x[600:], y[600:])

    def run() -> None:
        torch.manual_seed(0)
        model = nn.Linear(8, 4)
        optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)

        def evaluate(some: Pair) -> None:
            with torch.no_grad():
                F.cross_entropy(model(some[0]), some[1])

        for _ in range(6):
            for rows in torch.randperm(600).split(30):
                optimizer.zero_grad()
                F.cross_entropy(model(train[0][rows]), train[1][rows]).backward()
                optimizer.step()
            evaluate(train)
            evaluate(test)

    seen = watched(run, every=None)
    assert "leaked-validation" not in said(seen)
    (examples,) = seen.examples_seen.values()
    assert examples.both == 0


# DAT114 padding-in-loss


def _padded(
    *, ignore: int = -100, fill: float = 0.7, reduction: str = "mean", flat: bool = True
) -> Callable[[], None]:
    def run() -> None:
        torch.manual_seed(0)
        words = torch.randint(1, 20, (400, 10))
        lengths = torch.where(torch.rand(400) < 1.5 * fill, 3, 10)
        words[torch.arange(10)[None] >= lengths[:, None]] = 0
        model = nn.Sequential(nn.Embedding(20, 16, padding_idx=0), nn.Linear(16, 20))
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
        for _ in range(4):
            for rows in torch.randperm(400).split(20):
                logits, target = model(words[rows]), words[rows]
                if flat:
                    logits, target = logits.reshape(-1, 20), target.reshape(-1)
                else:
                    logits = logits.transpose(1, 2)
                loss = F.cross_entropy(logits, target, ignore_index=ignore, reduction=reduction)
                if reduction == "none":
                    kept = target != 0
                    loss = (loss * kept).sum() / kept.sum()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()

    return run


@pytest.mark.parametrize(
    ("options", "faulty"),
    [
        ({}, True),
        ({"flat": False}, True),
        ({"fill": 0.4}, True),
        ({"reduction": "sum"}, True),
        ({"ignore": 0}, False),
        ({"reduction": "none"}, False),
        ({"fill": 0.0}, False),
        ({"ignore": 0, "flat": False}, False),
    ],
)
def test_padding_in_the_loss(watched: Watched, options: dict[str, Any], faulty: bool) -> None:
    run = watched(_padded(**options))
    assert ("padding-in-loss" in said(run)) is faulty


@pytest.mark.parametrize("way", ["ignore_index", "weight", "none"])
def test_labels_that_the_loss_leaves_out_are_not_wrong(watched: Watched, way: str) -> None:
    def run() -> None:
        torch.manual_seed(0)
        words = torch.randint(1, 20, (300, 10))
        words[:, 3:] = 0
        model = nn.Sequential(nn.Embedding(20, 16), nn.Linear(16, 20))
        optimizer = torch.optim.Adam(model.parameters(), lr=3e-2)
        options: dict[str, Any] = {
            "ignore_index": {"ignore_index": 0},
            "weight": {"weight": (torch.arange(20) > 0).float()},
            "none": {"reduction": "none"},
        }[way]

        def loss_of(some: torch.Tensor) -> torch.Tensor:
            logits = model(some).reshape(-1, 20)
            loss = F.cross_entropy(logits, some.reshape(-1), **options)
            kept = some.reshape(-1) != 0
            return (loss * kept).sum() / kept.sum() if loss.dim() else loss

        for _ in range(6):
            for rows in torch.randperm(200).split(20):
                optimizer.zero_grad()
                loss_of(words[rows]).backward()
                optimizer.step()
            with torch.no_grad():
                loss_of(words[200:])

    seen = watched(run)
    assert said(seen) <= {"learning-rate-too-high"}
    accuracies = [e.accuracy for e in seen.evaluations.values()]
    assert all(a is None or a > 0.9 for a in accuracies[-2:]), accuracies


# What the watching must not do


def test_nothing_of_the_script_is_kept_alive(watched: Watched) -> None:
    import gc
    import weakref

    x, y = kinds(120)
    kept: list[weakref.ref[torch.Tensor]] = []

    def run() -> None:
        model = nn.Linear(8, 4)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for batch, labels in DataLoader(TensorDataset(x, y), 30):
            kept.append(weakref.ref(batch))
            F.cross_entropy(model(batch), labels).backward()
            optimizer.step()
        del batch, labels
        gc.collect()
        assert [r() for r in kept] == [None] * len(kept)

    watched(run)
    assert kept


# What would mend it


@pytest.mark.parametrize(
    "way", ["1 row further on", "2 rows before", "the same place from the end"]
)
def test_the_row_that_a_label_belongs_to(watched: Watched, way: str) -> None:
    x, y = kinds()
    moved = {"1 row further on": y.roll(1), "2 rows before": y.roll(-2)}.get(way, y[:600].flip(0))
    loader = DataLoader(TensorDataset(x[:600], moved[:600]), 30, shuffle=True)
    test = x[600:], y[600:].roll(7)
    run = watched(fit(loader, test, epochs=2), every=None)
    ways = {"1 row further on": lambda v: v.roll(1), "2 rows before": lambda v: v.roll(-2)}
    move = ways.get(way, lambda v: v.flip(0))
    loader = DataLoader(TensorDataset(x[:600], move(y[:600])), 30, shuffle=True)
    run = watched(fit(loader, (x[600:], move(y[600:])), epochs=2), every=None)
    (entry,) = [e for e in diagnose(run).entries if e.slug == "unrelated-labels"]
    assert f"with the label of {way}" in entry.message, entry.message


def test_files_in_the_order_of_text(watched: Watched) -> None:
    x, y = kinds()

    class Files(Dataset[Pair]):
        def __init__(self) -> None:
            self.paths = [f"part/{n}.npy" for n in range(900)]
            self.paths = sorted(self.paths)

        def __len__(self) -> int:
            return 900

        def __getitem__(self, at: int) -> Any:
            return x[int(self.paths[at][5:-4])], y[at]

    files = Files()
    test = [files[at] for at in range(600, 900)]
    held = torch.stack([a for a, _ in test]), torch.stack([b for _, b in test])
    run = watched(fit(DataLoader(Subset(files, range(600)), 30, shuffle=True), held), every=None)
    (entry,) = [e for e in diagnose(run).entries if e.slug == "unrelated-labels"]
    assert "`self.paths` is in the order of text" in entry.message
    assert "the row that the file's number tells" in entry.message
    assert "self.paths = " in (entry.where[0].code or "")


@pytest.mark.parametrize(
    "names",
    [
        [f"{n:04d}.npy" for n in range(900)],
        [f"{n}.npy" for n in range(900)],
        [f"cat_{n % 7}.npy" for n in range(900)],
        ["notes.txt"] * 900,
    ],
)
def test_names_that_are_in_order(watched: Watched, names: list[str]) -> None:
    x, y = kinds()
    data: Any = TensorDataset(x, y)
    data.names = names
    run = watched(fit(DataLoader(data, 30, shuffle=True), (x, y)), every=None)
    assert [e.text_order for e in run.examples_seen.values()] == [""]


@pytest.mark.parametrize("training", [False, True])
def test_labels_belong_to_the_side_that_was_read(training: bool) -> None:
    probe = Probe(Run("test", "test.py"), lambda facts, vitals: None, home=str(HOME))
    data, kind = kinds(40)
    found = []
    # A loss of the other side comes first where no example of that side was read.
    for of_training in (not training, training):
        probe.examples.saw(0, (data,), training=training)
        answers = torch.randn(40, 4)
        probe.examples.labelled("cross_entropy", answers, kind, None, training=of_training)
        network = probe.examples._networks[0]
        side = network.train if training else next(iter(network.evaluations.values()))
        assert side is not None
        found.append({row.label for row in side.rows.values()})
    assert found == [{None}, {0.0, 1.0, 2.0, 3.0}]
