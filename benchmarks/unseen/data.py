"""Writes the files that the scripts read, with a fault in them or without."""

from __future__ import annotations

__all__ = ["MAKERS"]

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

Maker = Callable[[Path, int, str], None]
"""Writes into a folder, from a seed; the last argument names the fault, "" for none."""

Array = npt.NDArray[Any]


def _clusters(
    rng: np.random.Generator, rows: int, columns: int, kinds: int, apart: float = 1.1
) -> tuple[Array, Array]:
    """Examples of several kinds around centres."""
    kind = rng.integers(kinds, size=rows)
    centres = apart * rng.normal(size=(kinds, columns))
    return centres[kind] + rng.normal(size=(rows, columns)), kind


def motors(folder: Path, seed: int, fault: str) -> None:
    """Tables of sensors: another unit, exchanged labels, a missing kind, a dead sensor."""
    rng = np.random.default_rng(seed)
    x, y = _clusters(rng, 1500, 10, 5)
    x = x * np.linspace(0.8, 1.3, 10)
    train, test = slice(0, 1100), slice(1100, None)
    parts = {"train": (x[train], y[train]), "test": (x[test].copy(), y[test].copy())}
    other, labels = parts["test"]
    if fault == "unit":
        other[:, [3, 6]] = other[:, [3, 6]] * 25 + 30
    elif fault == "exchanged":
        labels[:] = np.where(labels == 1, 3, np.where(labels == 3, 1, labels))
    elif fault == "missing":
        kept = parts["train"][1] != 4
        parts["train"] = tuple(part[kept] for part in parts["train"])
    elif fault == "dead":
        other[:, [0, 2, 5, 8]] = 0.0
    for name, (rows, kinds) in parts.items():
        np.savez(folder / f"{name}.npz", x=rows, y=kinds)


def loans(folder: Path, seed: int, fault: str) -> None:
    """Tables of loans: a code for missing values, labels that were mixed up."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(1600, 8)) * [1, 2, 5, 1, 10, 3, 1, 2] + [5, 20, 40, 3, 60, 9, 2, 8]
    scaled = (x - x.mean(0)) / x.std(0)
    score = 1.6 * scaled[:, 0] + 1.2 * scaled[:, 3] - 1.4 * scaled[:, 4] * (scaled[:, 1] > 0)
    y = (score + 0.4 * rng.normal(size=1600) > 0).astype(int)
    train = np.arange(1600) < 1200
    if fault == "code":
        gone = rng.random((1600, 8)) < 0.15
        gone[:, [1, 2, 5, 6, 7]] = False
        x[gone] = -9999
    elif fault == "mixed":
        wrong = train & (rng.random(1600) < 0.38)
        y[wrong] = 1 - y[wrong]
    names = [f"v{i}" for i in range(8)] + ["paid"]
    for name, some in (("train", train), ("test", ~train)):
        with open(folder / f"{name}.csv", "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(names)
            writer.writerows(
                [*map(float, row), int(label)] for row, label in zip(x[some], y[some], strict=True)
            )


def fruit(folder: Path, seed: int, fault: str) -> None:
    """Pictures: channels in another order in the test files, or in another range."""
    rng = np.random.default_rng(seed)
    kinds = rng.integers(4, size=1200)
    colours = np.array([[0.8, 0.3, 0.2], [0.7, 0.6, 0.2], [0.3, 0.6, 0.25], [0.75, 0.35, 0.25]])
    pictures = 0.25 * rng.random((1200, 3, 10, 10))
    inside = np.hypot(*np.mgrid[-4.5:5, -4.5:5]) < 3.5
    band = np.abs(np.mgrid[-4.5:5, -4.5:5][0]) < 2
    for at, kind in enumerate(kinds):
        shape = band if kind == 3 else inside
        tone = colours[kind] + 0.08 * rng.normal(size=3)
        pictures[at] += shape * (0.6 * tone)[:, None, None]
    pictures = ((pictures.clip(0, 1) - 0.3) / 0.2).astype(np.float32)
    test = pictures[900:]
    if fault == "channels":
        test = test[:, ::-1].copy()
    elif fault == "range":
        test = ((0.2 * test + 0.3) * 255).round()
    for name, pixels, labels in (
        ("train", pictures[:900], kinds[:900]),
        ("test", test, kinds[900:]),
    ):
        np.save(folder / f"{name}_pixels.npy", pixels)
        np.save(folder / f"{name}_kinds.npy", labels)


def reviews(folder: Path, seed: int, fault: str) -> None:
    """Words as numbers: other numbers in the test file, or padding on the other side."""
    rng = np.random.default_rng(seed)
    praise = rng.integers(2, size=1300)
    good, bad, neutral = np.arange(1, 16), np.arange(16, 31), np.arange(31, 100)
    words = np.zeros((1300, 44), dtype=np.int64)
    for at, kind in enumerate(praise):
        length = rng.integers(5, 13)
        telling = rng.random(length) < 0.35
        text = np.where(
            telling, rng.choice(good if kind else bad, length), rng.choice(neutral, length)
        )
        words[at, -length:] = text
    test = words[1000:].copy()
    if fault == "vocabulary":
        order = np.concatenate([[0], 1 + rng.permutation(119)])
        test = order[test]
    elif fault == "side":
        test = np.array([np.concatenate([row[row > 0], row[row == 0]]) for row in test])
    np.savez(folder / "train.npz", words=words[:1000], praise=praise[:1000])
    np.savez(folder / "test.npz", words=test, praise=praise[1000:])


def rents(folder: Path, seed: int, fault: str) -> None:
    """Numbers: another unit of the targets, columns in another order, a column that tells all."""
    rng = np.random.default_rng(seed)
    raw = np.stack(
        [
            rng.gamma(4, 1, 1500),
            rng.normal(size=1500),
            rng.integers(1, 6, 1500).astype(float),
            rng.random(1500),
            rng.exponential(1, 1500),
            rng.normal(size=1500) ** 3,
        ],
        1,
    )
    x = (raw - raw.mean(0)) / raw.std(0)
    y = (
        1.5
        + 0.6 * x[:, 0]
        - 0.3 * x[:, 2]
        + 0.4 * np.sin(2 * x[:, 1])
        + 0.1 * rng.normal(size=1500)
    )
    train = np.concatenate([x[:1100], y[:1100, None]], 1)
    valid = np.concatenate([x[1100:], y[1100:, None]], 1)
    if fault == "thousands":
        valid[:, 6] *= 12.0
    elif fault == "order":
        valid[:, :6] = valid[:, [2, 1, 4, 3, 0, 5]]
    elif fault == "tells":
        train[:, 3] = (train[:, 6] - 1.5) / 0.8 + 0.02 * rng.normal(size=1100)
    np.savetxt(folder / "train.txt", train)
    np.savetxt(folder / "valid.txt", valid)


def voices(folder: Path, seed: int, fault: str) -> None:
    """Features and labels in two files: shifted, shifted in part, splits that overlap."""
    rng = np.random.default_rng(seed)
    x, y = _clusters(rng, 1600, 16, 6, 1.4)
    order = rng.permutation(1600)
    split = {"train": order[:1200].tolist(), "valid": order[1200:].tolist()}
    if fault == "shifted":
        y = np.roll(y, 1)
    elif fault == "part":
        y[900:] = np.roll(y[900:], 3)
    elif fault == "overlap":
        split["valid"] = order[1200:1400].tolist() + order[:130].tolist()
    elif fault == "few":
        split["train"] = order[:24].tolist() * 50
    np.save(folder / "features.npy", x)
    np.save(folder / "speakers.npy", y)
    (folder / "split.json").write_text(json.dumps(split))


def alarms(folder: Path, seed: int, fault: str) -> None:
    """Weights of examples: nearly all of them 0."""
    rng = np.random.default_rng(seed)
    y = (rng.random(2000) < 0.12).astype(int)
    x = rng.normal(size=(2000, 12)) + 0.7 * y[:, None] * rng.choice([-1, 1], 12)
    first = 1500
    weights = np.where(y[:first] == 1, 1 / y[:first].sum(), 1 / (first - y[:first].sum()))
    if fault == "weights":
        weights[12:] = 0.0
        weights[:12] += 1e-3
    np.savez(folder / "signals.npz", x=x, y=y, train_rows=first)
    np.save(folder / "weights.npy", weights)


def textures(folder: Path, seed: int, fault: str) -> None:
    """A body trained before: statistics of other data, a layer that is too large, a dead one."""
    rng = np.random.default_rng(seed)
    x, y = _clusters(rng, 1400, 20, 4, 0.8)
    torch.manual_seed(seed)
    layers = [torch.nn.BatchNorm1d(20), torch.nn.Linear(20, 48), torch.nn.Linear(48, 48)]
    layers[0].running_mean.copy_(torch.tensor(x[:1000].mean(0)))
    layers[0].running_var.copy_(torch.tensor(x[:1000].var(0)))
    state = {
        f"{name}.{key}": value.clone()
        for name, layer in zip(("norm", "fc1", "fc2"), layers, strict=True)
        for key, value in layer.state_dict().items()
    }
    if fault == "statistics":
        state["norm.running_mean"] += 120.0
        state["norm.running_var"] *= 70.0**2
    elif fault == "large":
        state["fc1.weight"] *= 60.0
        state["fc2.weight"] *= 60.0
    elif fault == "dead":
        state["fc2.bias"] -= 25.0
    torch.save(state, folder / "body.pt")
    np.savez(
        folder / "textures.npz",
        x_train=x[:1000],
        y_train=y[:1000],
        x_test=x[1000:],
        y_test=y[1000:],
    )


_SETTINGS: dict[str, Any] = {
    "batch": 32,
    "shuffle": True,
    "width": 64,
    "dropout": 0.1,
    "smoothing": 0.0,
    "epochs": 10,
    "optimizer": "SGD",
    "optimizer_settings": {"lr": 0.1, "momentum": 0.9},
}

_CHANGES: dict[str, dict[str, Any]] = {
    "": {},
    "decay": {"optimizer_settings": {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.2}},
    "dropout": {"dropout": 0.93},
    "high": {"optimizer_settings": {"lr": 2.5, "momentum": 0.9}},
    "low": {"optimizer_settings": {"lr": 1e-5, "momentum": 0.9}},
    "sorted": {"shuffle": False},
    "batch": {"batch": 1300},
}


def configured(folder: Path, seed: int, fault: str) -> None:
    """Settings in a file, one of them wrong."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    order = np.random.default_rng(seed).permutation(len(digits.target))
    x, y = digits.data[order] / 16 - 0.3, digits.target[order]
    train = np.arange(1300)
    if fault == "sorted":
        train = train[y[:1300].argsort(kind="stable")]
    np.savez(
        folder / "digits.npz", x_train=x[train], y_train=y[train], x_test=x[1300:], y_test=y[1300:]
    )
    (folder / "settings.json").write_text(json.dumps(_SETTINGS | _CHANGES[fault]))


def reversals(folder: Path, seed: int, fault: str) -> None:
    """Letters: padding that the loss does not ignore, an embedding file without information."""
    rng = np.random.default_rng(seed)
    letters, longest, rows = 15, 14, 1700
    source = np.zeros((rows, longest), dtype=np.int64)
    target = np.zeros((rows, longest + 2), dtype=np.int64)
    for at in range(rows):
        length = longest if rng.random() < 0.03 else rng.integers(2, 5)
        word = rng.integers(3, letters, length)
        source[at, :length] = word
        target[at, 0] = 1
        target[at, 1 : length + 1] = word[::-1]
        target[at, length + 1] = 2
    settings = {
        "letters": letters,
        "embedding_pad": 0,
        "embedding_file": fault == "embedding",
        "train_embedding": False,
        "loss_ignores": -100 if fault == "padding" else 0,
    }
    if fault == "embedding":
        np.save(folder / "embedding.npy", 0.4 + 1e-4 * rng.normal(size=(letters, 48)))
    np.savez(
        folder / "words.npz",
        source_train=source[:1400],
        target_train=target[:1400],
        source_test=source[1400:],
        target_test=target[1400:],
    )
    (folder / "settings.json").write_text(json.dumps(settings))


def tides(folder: Path, seed: int, fault: str) -> None:
    """Logs of heights: another sampling, goals of another time, another zero."""
    rng = np.random.default_rng(seed)
    time = np.arange(2200)
    heights = np.sin(time / 5) + 0.6 * np.sin(time / 2.1 + 1) + 0.05 * rng.normal(size=2200)
    past, late = np.stack([heights, heights], 1)[:1200], np.stack([heights, heights], 1)[1200:]
    if fault == "sampling":
        late = late[::3]
    elif fault == "goal":
        past[:, 1] = rng.permutation(past[:, 1])
    elif fault == "zero":
        late[:, 0] += 6.0
    np.savetxt(folder / "past.log", past)
    np.savetxt(folder / "late.log", late)


def tags(folder: Path, seed: int, fault: str) -> None:
    """Features and tags: tags of other songs, tags in another order, a feature in another unit."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(1500, 12))
    marks = (features @ rng.normal(size=(12, 5)) + 0.5 * rng.normal(size=(1500, 5)) > 0).astype(int)
    fit, check = slice(0, 1100), slice(1100, None)
    parts = {"fit": [features[fit], marks[fit]], "check": [features[check], marks[check]]}
    if fault == "apart":
        for part in parts.values():
            part[0] = rng.permutation(part[0])
    elif fault == "order":
        parts["check"][1] = parts["check"][1][:, [4, 0, 1, 2, 3]]
    elif fault == "unit":
        parts["check"][0] = parts["check"][0] * np.where(np.arange(12) % 6 == 2, 9.0, 1.0)
    for name, (some, told) in parts.items():
        np.savez(folder / f"{name}.npz", features=some, tags=told)


def ratings(folder: Path, seed: int, fault: str) -> None:
    """Readers, books and ratings: books numbered anew, another scale of marks, a few rows again."""
    rng = np.random.default_rng(seed)
    reader, book = rng.integers(60, size=1500), rng.integers(40, size=1500)
    kind, friendly = rng.normal(size=40), rng.normal(size=60)
    liked = kind[book] + 0.6 * friendly[reader] + 0.2 * rng.normal(size=1500)
    rows = np.stack([reader, book, liked], 1).astype(float)
    train, test = rows[:1100], rows[1100:].copy()
    if fault == "numbers":
        test[:, 1] = rng.permutation(40)[test[:, 1].astype(int)]
    elif fault == "scale":
        test[:, 2] = 20 * test[:, 2] + 50
    elif fault == "again":
        train = np.tile(train[:22], (50, 1))
    np.save(folder / "train.npy", train)
    np.save(folder / "test.npy", test)


def clicks(folder: Path, seed: int, fault: str) -> None:
    """Waves and a plan: another zero, wrong kinds, still statistics, a huge epsilon."""
    rng = np.random.default_rng(seed)
    kinds = rng.integers(4, size=1100)
    time = np.arange(64)
    tone = np.sin(
        time[None] * np.array([0.2, 0.45, 0.8, 1.3])[kinds][:, None] + rng.random((1100, 1))
    )
    waves = tone * np.exp(-time / 40) + 0.3 * rng.normal(size=(1100, 64))
    parts = {"a": (waves[:800], kinds[:800].copy()), "b": (waves[800:], kinds[800:])}
    plan = {"width": 16, "norm_momentum": 0.1, "adam": {"lr": 3e-3}}
    if fault == "louder":
        parts["b"] = parts["b"][0] + 5, parts["b"][1]
    elif fault == "wrong":
        parts["a"][1][rng.random(800) < 0.75] = 0
    elif fault == "momentum":
        plan["norm_momentum"] = 0.0
        for name, (some, told) in parts.items():
            parts[name] = 30 * some + 80, told
    elif fault == "epsilon":
        plan["adam"] = {"lr": 3e-3, "eps": 100.0}
    for name, (some, told) in parts.items():
        np.save(folder / f"{name}_waves.npy", some)
        np.save(folder / f"{name}_kinds.npy", told)
    (folder / "network.json").write_text(json.dumps(plan))


MAKERS: dict[str, Maker] = {
    "motors": motors,
    "loans": loans,
    "fruit": fruit,
    "reviews": reviews,
    "rents": rents,
    "voices": voices,
    "alarms": alarms,
    "textures": textures,
    "configured": configured,
    "reversals": reversals,
    "tides": tides,
    "tags": tags,
    "ratings": ratings,
    "clicks": clicks,
}
