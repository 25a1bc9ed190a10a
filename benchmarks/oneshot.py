"""One-shot learning measured: intents, unknowns, pictures, sounds, speed, calibration.

    python benchmarks/oneshot.py intents unknowns pictures sounds speed

Needs the extras `[oneshot-image,oneshot-text,oneshot-audio]` with what they say is installed by
hand, `make data`, and a folder with `intents/` and `fsdd/` (`--shared`). Vectors are kept in
`data/oneshot`. Settings were chosen on half of the labels of CLINC150's training texts, nowhere
else. Omniglot and the curve have modules of their own.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import roc_auc_score

from trainwell.oneshot import Cohort, OneShotClassifier, Sound, evaluate_episodes, load
from trainwell.oneshot.embedder import Embedder, embedder_named
from trainwell.oneshot.reliability import Reliability

VECTORS = Path(__file__).parents[1] / "data" / "oneshot"
SCORINGS = ("plain", "standing", "ratio")
DRAWS = [10]
"""Draws of the enrolled examples; `--draws`."""

Table = dict[str, np.ndarray]


def kept(name: str, make: Callable[[], Table]) -> Table:
    """Vectors from disk, or made and kept there."""
    path = VECTORS / f"{name}.npz"
    if not path.exists():
        VECTORS.mkdir(parents=True, exist_ok=True)
        np.savez(path, **make())
    with np.load(path) as archive:
        return {key: archive[key] for key in archive.files}


def intents(shared: Path) -> Table:
    """CLINC150 and BANKING77 as the sentence embedder sees them."""
    embedder = embedder_named("minilm")
    body = json.loads((shared / "intents/clinc150_data_full.json").read_text())
    found: Table = {}
    for part, rows in body.items():
        found[part] = embedder.embed([text for text, _ in rows])
        found[f"{part}_y"] = np.array([label for _, label in rows])
    for part in ("train", "test"):
        with (shared / f"intents/banking77_{part}.csv").open() as file:
            rows = list(csv.reader(file))[1:]
        found[f"bank_{part}"] = embedder.embed([text for text, _ in rows])
        found[f"bank_{part}_y"] = np.array([label for _, label in rows])
    return found


def cohort_of(x: np.ndarray, y: np.ndarray, each: int = 20) -> Cohort:
    """The first examples of each label."""
    rows = np.concatenate([np.flatnonzero(y == label)[:each] for label in np.unique(y)])
    return Cohort.of(x[rows], y[rows])


def draw(y: np.ndarray, shots: int, random: np.random.Generator) -> np.ndarray:
    return np.concatenate(
        [random.permutation(np.flatnonzero(y == label))[:shots] for label in np.unique(y)]
    )


def mean(values: list[float]) -> str:
    return f"{np.mean(values):.4f} ± {1.96 * np.std(values, ddof=1) / len(values) ** 0.5:.4f}"


def run_intents(shared: Path) -> None:
    t = kept("intents", lambda: intents(shared))
    sets = {
        "CLINC150, 150-way": (t["train"], t["train_y"], t["test"], t["test_y"], "bank_train"),
        "BANKING77, 77-way": (
            t["bank_train"], t["bank_train_y"], t["bank_test"], t["bank_test_y"], "train",
        ),
    }  # fmt: skip
    for name, (x, y, queries, right, other) in sets.items():
        cohort = cohort_of(t[other], t[f"{other}_y"])
        for shots in (1, 5):
            print(f"\n{name} {shots}-shot, {DRAWS[0]} draws; cohort: {other}")
            for label, settings in {
                "nearest example, no cohort": {"rule": "nearest", "cohort": False},
                "plain, no cohort": {"cohort": False},
                **{scoring: {"scoring": scoring, "cohort": cohort} for scoring in SCORINGS},
            }.items():
                accuracy, auroc = [], []
                for seed in range(DRAWS[0]):
                    rows = draw(y, shots, np.random.default_rng(seed))
                    classifier = OneShotClassifier(**settings).fit(x[rows], y[rows])
                    accuracy.append(float((classifier.predict(queries) == right).mean()))
                    if name.startswith("CLINC"):
                        best = [classifier._known.best(v)[1] for v in (queries, t["oos_test"])]
                        truth = np.repeat([1, 0], [len(b) for b in best])
                        auroc.append(float(roc_auc_score(truth, np.concatenate(best))))
                told = f", out-of-scope AUROC {mean(auroc)}" if auroc else ""
                print(f"  {label:<28} accuracy {mean(accuracy)}{told}", flush=True)


def run_unknowns(shared: Path) -> None:
    """One example a label; unknown labels of the same kind; three groups of labels, no overlap."""
    t = kept("intents", lambda: intents(shared))
    for name, x, y in (
        ("CLINC150", t["test"], t["test_y"]),
        ("BANKING77", t["bank_test"], t["bank_test_y"]),
    ):
        names = np.unique(y)
        figures: dict[str, list[tuple[float, ...]]] = {}
        for seed in range(DRAWS[0]):
            random = np.random.default_rng(seed)
            order = random.permutation(names)
            half, rest = len(names) // 2, (len(names) - len(names) // 2) // 2
            cohort, enrolled, unknown = (
                order[:half],
                order[half : half + rest],
                order[half + rest :],
            )
            inside = np.isin(y, cohort)
            rows = np.flatnonzero(np.isin(y, enrolled))
            support = rows[draw(y[rows], 1, random)]
            asked = np.setdiff1d(rows, support)
            away = np.flatnonzero(np.isin(y, unknown))
            given = Cohort.of(x[inside], y[inside])
            for label, settings in {
                "plain cosine": {"scoring": "plain", "centre": False},
                **{scoring: {"scoring": scoring} for scoring in SCORINGS},
            }.items():
                classifier = OneShotClassifier(cohort=given, **settings)
                classifier.fit(x[support], y[support])
                known, strange = (
                    classifier.predict_batch(x[r], unknown=True) for r in (asked, away)
                )
                score = np.concatenate([known.score, strange.score])
                truth = np.repeat([1, 0], [len(asked), len(away)])
                chances = classifier.predict_proba(x[asked])
                hits = classifier.classes_[chances.argmax(axis=1)] == y[asked]
                figures.setdefault(label, []).append(
                    (
                        float(hits.mean()),
                        float(roc_auc_score(truth, score)),
                        float(np.mean([found is not None for found in strange.labels])),
                        float((known.labels == y[asked]).mean()),
                        Reliability.of(chances.max(axis=1), hits).error,
                    )
                )
        print(
            f"\n{name}: {rest}-way 1-shot, {len(names) - half - rest} unknown labels, "
            f"{DRAWS[0]} draws"
        )
        for label, rows_of in figures.items():
            parts = [mean(list(column)) for column in zip(*rows_of, strict=True)]
            heads = (
                "accuracy",
                "AUROC",
                "false accepts of 5 %",
                "right and accepted",
                "cal. error",
            )
            print(
                f"  {label:<14}" + "; ".join(f"{h} {p}" for h, p in zip(heads, parts, strict=True))
            )


def run_pictures(shared: Path) -> None:
    from benchmarks import datasets

    del shared

    def make() -> Table:
        embedder = embedder_named("efficientnet-lite0")
        found: Table = {}
        for name in ("fashion", "mnist"):
            _, _, x, y = datasets.load(name)
            rows = draw(y, 40, np.random.default_rng(0))
            found[name] = embedder.embed(list(x[rows].reshape(-1, 28, 28)))
            found[f"{name}_y"] = y[rows]
        return found

    t = kept("pictures", make)
    for name in ("fashion", "mnist"):
        for shots in (1, 5):
            for rule, metric in (("prototype", "cosine"), ("nearest", "cosine")):
                done = evaluate_episodes(
                    OneShotClassifier(rule=rule, metric=metric), t[name], t[f"{name}_y"],
                    ways=10, shots=shots, queries=15, episodes=200,
                )  # fmt: skip
                print(f"{name} 10-way {shots}-shot, {rule}: accuracy {done.accuracy}")
    for name, other in (("fashion", "mnist"), ("mnist", "fashion")):
        cohort = Cohort.of(t[other], t[f"{other}_y"])
        for label, settings in {
            "plain cosine": {"cohort": False},
            **{scoring: {"scoring": scoring, "cohort": cohort} for scoring in SCORINGS},
        }.items():
            done = evaluate_episodes(
                OneShotClassifier(**settings), t[name], t[f"{name}_y"],
                ways=5, queries=15, episodes=200,
            )  # fmt: skip
            print(f"{name} 5-way 1-shot, 5 unknown labels, {label}: "
                  f"accuracy {done.accuracy}, AUROC {done.auroc}")  # fmt: skip


def run_sounds(shared: Path) -> None:
    from scipy.io import wavfile

    def make() -> Table:
        found: dict[str, list] = {"digit": [], "speaker": []}
        sounds = []
        with zipfile.ZipFile(shared / "fsdd/fsdd_recordings.zip") as archive:
            for name in sorted(archive.namelist()):
                if not name.endswith(".wav"):
                    continue
                digit, speaker, take = Path(name).stem.split("_")
                if int(take) >= 8:
                    continue
                rate, samples = wavfile.read(io.BytesIO(archive.read(name)))
                sounds.append(Sound(samples, rate))
                found["digit"].append(int(digit))
                found["speaker"].append(speaker)
        table = {key: np.array(value) for key, value in found.items()}
        for kind in ("spoken-words", "voices"):
            table[kind] = embedder_named(kind).embed(sounds)
        return table

    t = kept("sounds", make)
    random = np.random.default_rng(0)
    speakers = np.unique(t["speaker"])
    for kind, right, apart in (
        ("spoken-words", t["digit"], t["speaker"]),
        ("voices", t["speaker"], t["digit"]),
    ):
        x = t[kind]
        for rule in ("prototype", "nearest"):
            for metric in ("cosine", "euclidean"):
                accuracy = []
                for _ in range(100):
                    # Enrolled from one speaker (or digit) and asked in the voice of all others.
                    one = random.choice(speakers if kind == "spoken-words" else np.arange(10))
                    rows = np.flatnonzero(apart == one)
                    support = rows[draw(right[rows], 1, random)]
                    asked = np.flatnonzero(apart != one)
                    classifier = OneShotClassifier(rule=rule, metric=metric)
                    classifier.fit(x[support], right[support])
                    accuracy.append(float((classifier.predict(x[asked]) == right[asked]).mean()))
                print(f"{kind} {len(np.unique(right))}-way 1-shot, {rule}, {metric}: "
                      f"accuracy {mean(accuracy)}", flush=True)  # fmt: skip


class Timed(Embedder):
    """An embedder that counts the seconds that it spends."""

    def __init__(self, inner: Embedder) -> None:
        super().__init__(inner.name, batch_size=inner.batch_size)
        self.inner, self.spent = inner, 0.0

    def _vectors(self, examples):
        begun = time.perf_counter()
        found = self.inner._vectors(examples)
        self.spent += time.perf_counter() - begun
        return found

    def cohort(self):
        return self.inner.cohort()


def run_speed(shared: Path) -> None:
    del shared
    random = np.random.default_rng(0)
    x = random.normal(size=(100_000, 384)).astype(np.float32)
    queries = random.normal(size=(256, 384)).astype(np.float32)
    classifier = OneShotClassifier().fit(x[:10_000], np.arange(10_000))
    known = classifier._known
    rows = torch.from_numpy(known.grounds.space.place(x[:10_000]))
    asked = torch.from_numpy(known.grounds.space.place(queries))

    def least(work: Callable[[], object]) -> float:
        found = []
        for _ in range(15):
            begun = time.perf_counter()
            work()
            found.append(time.perf_counter() - begun)
        return min(found)

    bare = least(lambda: (asked @ rows.t()).max(dim=1))
    ours = least(lambda: classifier.predict(queries))
    print(f"256 queries, 10,000 labels: {ours * 1e3:.1f} ms, bare product and top-1 "
          f"{bare * 1e3:.1f} ms, ratio {ours / bare:.2f}")  # fmt: skip
    texts = [f"please tell me about number {n}" for n in range(10_000)]
    drawings = list(random.random((10_000, 28, 28), dtype=np.float32) > 0.7)
    for kind, examples, settings in (
        ("wordllama", texts, {}),
        ("characters", drawings, {"scoring": "plain"}),
        ("characters", drawings, {"scoring": "ratio"}),
        ("minilm", texts[:2000], {}),
    ):
        timed = Timed(embedder_named(kind))
        # What the cohort teaches is learned once, however much is enrolled.
        classifier = OneShotClassifier(timed, **settings).enroll("first", examples[0])
        timed.spent, begun = 0.0, time.perf_counter()
        classifier.partial_fit(examples, np.arange(len(examples)))
        whole = time.perf_counter() - begun
        told = settings.get("scoring", "no cohort")
        print(f"enrolling {len(examples):,} examples with {kind}, {told}: {whole:.2f} s, "
              f"{timed.spent / whole:.1%} of it in the embedder", flush=True)  # fmt: skip
    path = VECTORS / "many"
    path.parent.mkdir(parents=True, exist_ok=True)
    OneShotClassifier().fit(x, np.arange(100_000)).save(path)
    found = []
    for _ in range(3):
        begun = time.perf_counter()
        again = load(path)
        found.append(time.perf_counter() - begun)
    print(f"loading 100,000 labels of width 384: {min(found):.2f} s")
    begun = time.perf_counter()
    again.predict(queries[:1])
    print(f"the first query to them: {time.perf_counter() - begun:.2f} s")
    kinds = random.normal(size=(300, 384))
    alike = kinds[random.integers(0, 300, len(x))] + random.normal(size=x.shape)
    for name, rows, noise in (("300 kinds of labels", alike, 0.7), ("no structure", x, 0.9)):
        rows = rows.astype(np.float32)
        asked = rows[random.integers(0, len(x), 1024)]
        asked = asked + noise * random.normal(size=asked.shape).astype(np.float32)
        exact, near = (
            OneShotClassifier(index=index).fit(rows, np.arange(len(rows)))
            for index in ("exact", "approximate")
        )
        begun = time.perf_counter()
        right = exact.predict(asked)
        whole = time.perf_counter() - begun
        begun = time.perf_counter()
        near.predict(asked[:1])
        made = time.perf_counter() - begun
        begun = time.perf_counter()
        found = near.predict(asked)
        part = time.perf_counter() - begun
        print(f"{name}, 1,024 queries to 100,000: exact {whole:.2f} s, approximate {part:.2f} s "
              f"and {made:.2f} s to make, recall@1 {(right == found).mean():.4f}")  # fmt: skip


PARTS = {
    "intents": run_intents,
    "unknowns": run_unknowns,
    "pictures": run_pictures,
    "sounds": run_sounds,
    "speed": run_speed,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=list(PARTS))
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--draws", type=int, default=DRAWS[0])
    options = parser.parse_args()
    DRAWS[0] = options.draws
    for part in options.parts:
        print(f"\n== {part}")
        PARTS[part](options.shared)


if __name__ == "__main__":
    main()
