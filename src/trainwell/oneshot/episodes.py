"""How well labels are told apart from few examples each: many small trials, with intervals."""

from __future__ import annotations

__all__ = ["Evaluation", "Interval", "evaluate_episodes"]

from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student
from sklearn.metrics import roc_auc_score

from trainwell.errors import BadInputError
from trainwell.oneshot.answers import Label
from trainwell.oneshot.calibration import Calibration
from trainwell.oneshot.classifier import OneShotClassifier
from trainwell.oneshot.embedding import embedded
from trainwell.oneshot.examples import listed
from trainwell.oneshot.gallery import Gallery, as_label
from trainwell.oneshot.recogniser import Recogniser
from trainwell.oneshot.reliability import Reliability

Doubles: TypeAlias = "NDArray[np.float64]"


@dataclass(frozen=True)
class Interval:
    """A mean over episodes with its 95 % interval.

    Attributes:
        mean: over episodes.
        half: half of the interval's width; NaN from one episode.
    """

    mean: float
    half: float

    @classmethod
    def of(cls, values: list[float]) -> Interval:
        """Of one number an episode, by Student's t."""
        array = np.array(values)
        if len(array) < 2:
            return cls(float(array.mean()), float("nan"))
        error = array.std(ddof=1) / np.sqrt(len(array))
        return cls(float(array.mean()), float(student.ppf(0.975, len(array) - 1) * error))

    def __str__(self) -> str:
        return f"{self.mean:.4f} ± {self.half:.4f}"


@dataclass(frozen=True)
class Evaluation:
    """Figures over episodes.

    Attributes:
        ways, shots, queries: labels in an episode, enrolled examples and queries of each.
        episodes: how many.
        assume: how queries were answered: "independent" is the standard protocol.
        accuracy: share of right answers.
        auroc: how well the score tells queries from strangers; None where no labels were left.
        accuracy_at_false_accept: share of queries that are accepted and right where the threshold
            lets this share of strangers through.
        false_accept: the share.
        found_false_accept: of strangers that the calibrated threshold lets through.
        reliability: confidence beside accuracy; None where nothing calibrates.
        labels: of the data, in the order of `confusion`.
        confusion: (labels, labels) counts: right labels in rows, answers in columns.
        accuracies: (episodes,).
    """

    ways: int
    shots: int
    queries: int
    episodes: int
    assume: str
    accuracy: Interval
    auroc: Interval | None
    accuracy_at_false_accept: Interval | None
    false_accept: float
    found_false_accept: Interval | None
    reliability: Reliability | None
    labels: list[Label] = field(repr=False)
    confusion: NDArray[np.int64] = field(repr=False)
    accuracies: Doubles = field(repr=False)

    def __str__(self) -> str:
        protocol = "" if self.assume == "independent" else f", answered {self.assume}"
        lines = [
            f"{self.ways}-way {self.shots}-shot, {self.episodes} episodes{protocol}",
            f"  accuracy                       {self.accuracy}",
        ]
        if self.auroc is not None and self.accuracy_at_false_accept is not None:
            share = f"accuracy at {self.false_accept:.0%} false accepts"
            lines.append(f"  AUROC against strangers        {self.auroc}")
            lines.append(f"  {share:<30} {self.accuracy_at_false_accept}")
        if self.found_false_accept is not None:
            lines.append(f"  false accepts as calibrated    {self.found_false_accept}")
        if self.reliability is not None:
            lines.append(f"  calibration error              {self.reliability.error:.4f}")
        return "\n".join(lines)


def evaluate_episodes(
    classifier: Any,
    examples: Any,
    labels: Any,
    *,
    ways: int = 5,
    shots: int = 1,
    queries: int = 15,
    episodes: int = 600,
    assume: str = "independent",
    false_accept: float = 0.05,
    random_state: int = 0,
) -> Evaluation:
    """Enrol a few examples of some labels and ask for others of theirs, again and again.

    Each example is embedded once. Strangers, as many as queries, come from the labels that an
    episode leaves out.

    Args:
        classifier: whose embedder, cohort and settings are used, and whose labels are left alone;
            or an embedder.
        examples: labelled ones that the embedder was not trained on.
        labels: of each.
        ways: labels in an episode.
        shots: examples of each to enrol.
        queries: further examples of each to ask for; as many as there are where there are fewer.
        episodes: how many.
        assume: see `OneShotClassifier.predict_batch`; no standard protocol but "independent".
        false_accept: share of strangers to let through.
        random_state: seed of the choices.

    Raises:
        BadInputError: if there are not enough labels or examples.

    Sources:
        Vinyals, Blundell, Lillicrap, Kavukcuoglu & Wierstra 2016, "Matching networks for one shot
        learning", section 4.1.
    """
    if not isinstance(classifier, OneShotClassifier):
        classifier = OneShotClassifier(classifier)
    each = [as_label(label) for label in np.asarray(labels).ravel().tolist()]
    given = listed(examples)
    if len(given) != len(each):
        raise BadInputError(f"there are {len(given)} examples and {len(each)} labels")
    for name, value in (("ways", ways), ("shots", shots), ("queries", queries)):
        if value < 1:
            raise BadInputError(f"`{name}` must be at least 1, got {value}")
    if ways < 2 or episodes < 1:
        raise BadInputError(f"`ways` must be 2 and `episodes` 1 at least, got {ways}, {episodes}")
    names = list(dict.fromkeys(each))
    numbers = np.array([names.index(label) for label in each])
    usable = np.flatnonzero(np.bincount(numbers) > shots)
    if len(usable) < ways:
        raise BadInputError(
            f"{ways} ways need as many labels with {shots + 1} examples, and there are "
            f"{len(usable)}"
        )
    vectors = embedded(
        classifier._used_embedder(), given, classifier.views, classifier.random_state
    )
    return _run(
        classifier, vectors, numbers, names, usable,
        ways, shots, queries, episodes, assume, false_accept, random_state,
    )  # fmt: skip


def _run(
    classifier: OneShotClassifier,
    vectors: NDArray[np.float32],
    numbers: NDArray[np.int64],
    names: list[Label],
    usable: NDArray[np.int64],
    ways: int,
    shots: int,
    queries: int,
    episodes: int,
    assume: str,
    false_accept: float,
    seed: int,
) -> Evaluation:
    from trainwell.oneshot.asking import Asking

    grounds, random = classifier._used_grounds(), np.random.default_rng(seed)
    calibration: Calibration | None = grounds.calibration(ways=ways, shots=shots, seed=seed)
    confusion = np.zeros((len(names), len(names)), np.int64)
    accuracies: list[float] = []
    aurocs: list[float] = []
    kept: list[float] = []
    found: list[float] = []
    confidences, hits = [], []
    places = [np.flatnonzero(numbers == k) for k in range(len(names))]
    for _ in range(episodes):
        chosen = random.permutation(usable)[:ways]
        support, asked = [], []
        for number in chosen.tolist():
            order = random.permutation(places[number])
            support.append(order[:shots])
            asked.append(order[shots : shots + queries])
        known = Recogniser(grounds, Gallery(vectors.shape[1]))
        enrolled = np.concatenate(support)
        known.enroll(numbers[enrolled].tolist(), vectors[enrolled], [None] * len(enrolled))
        known.calibration, known.calibrated_for = calibration, (ways, known.gallery.following)
        query = np.concatenate(asked)
        right = numbers[query]
        answers = Asking(known, None, seed).answers(vectors[query], assume, None)
        answered = answers.labels.astype(np.int64)
        np.add.at(confusion, (right, answered), 1)
        hit = answered == right
        accuracies.append(float(hit.mean()))
        if calibration is not None:
            confidences.append(answers.probability)
            hits.append(hit)
        away = np.flatnonzero(~np.isin(numbers, chosen))
        if len(away) and assume == "independent":
            strangers = random.permutation(away)[: len(query)]
            _, score = known.best(vectors[strangers])
            truth = np.r_[np.ones(len(query)), np.zeros(len(strangers))]
            aurocs.append(float(roc_auc_score(truth, np.r_[answers.score, score])))
            limit = np.quantile(score, 1 - false_accept)
            kept.append(float((hit & (answers.score >= limit)).mean()))
            if calibration is not None:
                accepted = score >= calibration.threshold(false_accept, ways)
                found.append(float(accepted.mean()))
    return Evaluation(
        ways,
        shots,
        queries,
        episodes,
        assume,
        Interval.of(accuracies),
        Interval.of(aurocs) if aurocs else None,
        Interval.of(kept) if kept else None,
        false_accept,
        Interval.of(found) if found else None,
        Reliability.of(np.concatenate(confidences), np.concatenate(hits)) if hits else None,
        names,
        confusion,
        np.array(accuracies),
    )
