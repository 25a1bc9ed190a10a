"""The classifier to which labels are added one example at a time."""

from __future__ import annotations

__all__ = ["OneShotClassifier"]

import os
import warnings
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

from trainwell.errors import BadInputError
from trainwell.oneshot.answers import Answers, Explanation, Label
from trainwell.oneshot.asking import Asking
from trainwell.oneshot.calibration import Calibration
from trainwell.oneshot.concerns import Announcement, Concerns
from trainwell.oneshot.embedder import Embedder, embedder_of
from trainwell.oneshot.embedding import cohort_of, embedded
from trainwell.oneshot.examples import is_one, listed, source_of
from trainwell.oneshot.gallery import Gallery, as_label
from trainwell.oneshot.grounds import Grounds
from trainwell.oneshot.kinship import foreign_cohort
from trainwell.oneshot.nearness import index_named
from trainwell.oneshot.recogniser import Recogniser
from trainwell.oneshot.space import Vectors


class OneShotClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Knows a label from one example on; labels come and go without touching the others.

    A list, a tuple or an array given to `predict` is a batch; a text, a path, a picture of Pillow
    or a `Sound` is one example, and gets one answer.

    Args:
        embedder: an `Embedder`, a torch module, a function from a list of examples to vectors, or
            the name of a pretrained one ("minilm", "efficientnet-lite0", ...); None where examples
            are vectors.
        rule: "prototype": a label is the mean of its examples; "nearest": its nearest example.
        metric: "cosine" or "euclidean".
        cohort: what similarity means is learned from it: `Cohort`, or a pair of examples and labels
            other than those to be enrolled. None: what the embedder brings along; False: nothing.
        scoring: "plain": the similarity; "standing": how it stands out among the cohort's;
            "ratio": a likelihood ratio with the cohort's variances; "auto": the last of these
            that the cohort allows for, "plain" for vectors of more than 4,096 numbers.
        centre: take the cohort's mean away from all vectors.
        views: vectors of so many changed copies are averaged for each example (augmentation at
            test time); or a function from an example to a list of copies.
        base: a `Head` with the labels that a network knows already.
        index: "exact"; or "approximate", with which `predict` looks at a part of the labels only.
        random_state: seed of views and of the rehearsals that calibrate.

    Sources:
        Snell, Swersky & Zemel 2017, "Prototypical networks for few-shot learning"; Wang, Chao,
        Weinberger & van der Maaten 2019, "SimpleShot".

    Example:
        >>> classifier = OneShotClassifier()
        >>> _ = classifier.enroll("east", [[1.0, 0.0]]).enroll("north", [[0.0, 1.0]])
        >>> classifier.predict([[0.9, 0.1]]).tolist()
        ['east']
    """

    def __init__(
        self,
        embedder: Any = None,
        *,
        rule: str = "prototype",
        metric: str = "cosine",
        cohort: Any = None,
        scoring: str = "auto",
        centre: bool = True,
        views: Any = 1,
        base: Any = None,
        index: str = "exact",
        random_state: int = 0,
    ) -> None:
        self.embedder = embedder
        self.rule = rule
        self.metric = metric
        self.cohort = cohort
        self.scoring = scoring
        self.centre = centre
        self.views = views
        self.base = base
        self.index = index
        self.random_state = random_state

    # What is enrolled

    @property
    def labels(self) -> list[Label]:
        """Enrolled labels, in the order of their enrolment."""
        return self._known.gallery.labels if self._is_enrolled else []

    @property
    def classes_(self) -> NDArray[Any]:
        """All labels that an answer may have, `base`'s too, sorted as scikit-learn does."""
        names = [*self.labels, *(self.base.labels if self.base is not None else ())]
        same = len({type(name) for name in names}) == 1
        ordered = sorted(names, key=None if same else lambda name: (type(name).__name__, name))
        return np.array(ordered, dtype=None if same else object)

    def enroll(self, label: Label, examples: Any, *, new: bool = False) -> Self:
        """Add one or more examples of a label, new or known; nothing is trained.

        Args:
            label: a text or a whole number.
            examples: one example, or a list or a tuple of them.
            new: refuse a label that is enrolled already.

        Raises:
            BadInputError: if an example cannot be embedded, or its vector has another width than
                those before. Nothing is enrolled then.
        """
        label = as_label(label)
        if new and label in self.labels:
            raise BadInputError(f"the label `{label}` is enrolled already")
        group = listed(examples, arrays_are_one=True)
        return self._enroll([label] * len(group), group)

    def fit(self, X: Any, y: Any) -> Self:
        """Forget all labels, then add examples with labels; see `partial_fit`."""
        kept = self.__dict__.pop("_known", None)
        made = {name: self.__dict__.pop(name, None) for name in ("_embedder", "_grounds")}
        try:
            return self.partial_fit(X, y)
        except BaseException:
            if kept is not None:
                self.__dict__.update(made, _known=kept)
            raise

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Self:
        """Add examples with labels; labels may come at any time.

        Args:
            X: (examples,), whatever the embedder takes.
            y: (examples,) labels.
            classes: not used.

        Raises:
            BadInputError: as `enroll`, or if there are not as many labels as examples.
        """
        del classes
        examples = listed(X)
        labels = [as_label(label) for label in np.asarray(y).ravel().tolist()]
        if len(labels) != len(examples):
            raise BadInputError(f"there are {len(examples)} examples and {len(labels)} labels")
        return self._enroll(labels, examples)

    def forget(self, label: Label) -> Self:
        """Take a label away with its examples; every other answer stays exactly as it was.

        Raises:
            UnknownNameError: if it is not enrolled.
        """
        gallery = self._enrolled().gallery
        self._known.drop(gallery.places(gallery.seat(as_label(label))))
        return self

    def remove(self, label: Label | None = None, *, example: int | None = None) -> Self:
        """Take a label away, or one example by the number that `explain` shows.

        A label goes with its last example.

        Raises:
            UnknownNameError: if the label is not enrolled.
            BadInputError: if there is no such example, or not one of the two was given.
        """
        if (label is None) == (example is None):
            raise BadInputError("`remove` takes a label or `example=`, one of them")
        if label is not None:
            return self.forget(label)
        assert example is not None
        known = self._enrolled()
        known.drop(np.array([known.gallery.place_of(example)]))
        return self

    def rename(self, old: Label, new: Label) -> Self:
        """Give a label another name.

        Raises:
            UnknownNameError: if the old one is not enrolled.
            BadInputError: if the new one is.
        """
        self._enrolled().gallery.rename(as_label(old), as_label(new))
        return self

    def merge(self, label: Label, into: Label) -> Self:
        """Give the examples of a label to another one, and take it away.

        Raises:
            UnknownNameError: if one of them is not enrolled.
            BadInputError: if they are the same.
        """
        self._enrolled().merge(as_label(label), as_label(into))
        return self

    # Answers

    def predict(self, X: Any, *, unknown: bool = False, false_accept: float | None = None) -> Any:
        """The label of each query.

        Args:
            X: a batch, or one example.
            unknown: answer None where it is none of the enrolled labels.
            false_accept: the share of unknown queries that may get a label all the same; what
                `calibrate` was told, 0.05 at first, when None.

        Returns:
            (queries,) labels, or one label for one example.

        Raises:
            BadInputError: if nothing is enrolled, a query cannot be embedded, or unknowns are
                asked for and nothing is there to calibrate with.
        """
        share = false_accept if false_accept is not None else self._false_accept
        labels = self._asking().labels(self._embed(listed(X)), share if unknown else None)
        if is_one(X):
            return labels[0]
        return labels if unknown else labels.astype(self.classes_.dtype)

    def predict_batch(
        self,
        X: Any,
        assume: str = "independent",
        *,
        unknown: bool = False,
        false_accept: float | None = None,
    ) -> Answers:
        """Labels with similarities, scores and probabilities.

        Args:
            X: a batch, or one example.
            assume: "independent": each query alone, the standard protocol; "balanced": the batch
                holds each label equally often; "one_to_one": each at most once.
            unknown: as in `predict`.
            false_accept: as in `predict`.

        Raises:
            BadInputError: as `predict`, or if a mode does not go with what was asked.
        """
        vectors = self._embed(listed(X))
        share = false_accept if false_accept is not None else self._false_accept
        return self._asking().answers(vectors, assume, share if unknown else None)

    def predict_proba(self, X: Any, *, unknown: bool = False) -> NDArray[np.float64]:
        """Calibrated probabilities, (queries, labels), in the order of `classes_`.

        Args:
            X: a batch, or one example.
            unknown: one column more: that it is none of these, where half of the queries are.

        Raises:
            BadInputError: as `predict`.
        """
        return self._asking().probabilities(self._embed(listed(X)), self.classes_, unknown)

    def check(self) -> Concerns:
        """Which two labels are most alike, and which example lies nearest to another label.

        Raises:
            BadInputError: if nothing is enrolled.
        """
        return Concerns.about(self._enrolled())

    def explain(self, x: Any, count: int = 5, *, unknown: bool = False) -> Explanation:
        """The nearest enrolled examples of one query, and by what it was decided.

        Args:
            x: one example, or a batch of one.
            count: examples to show.
            unknown: as in `predict`.

        Raises:
            BadInputError: as `predict`, or if there is not one query.
        """
        examples = listed(x)
        if len(examples) != 1:
            raise BadInputError(f"`explain` takes one query, got {len(examples)}")
        share = self._false_accept if unknown else None
        return self._asking().explanation(self._embed(examples), count, share)

    def calibrate(self, false_accept: float = 0.05) -> Calibration:
        """Fix the share of unknown queries that may get a label, and find the threshold for it.

        Args:
            false_accept: in (0, 1).

        Returns:
            What scores mean now.

        Raises:
            BadInputError: if the share is none, or there is nothing to calibrate with.
        """
        made = self._enrolled().calibrate(self.random_state)
        made.threshold(false_accept, len(self._known.gallery.seats))
        self.false_accept_ = false_accept
        return made

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything into a folder; see `trainwell.oneshot.load`.

        Raises:
            BadInputError: if nothing is enrolled, or the folder cannot be written.
        """
        from trainwell.oneshot.saving import save

        save(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str], embedder: Any = None) -> OneShotClassifier:
        """What `save` wrote; see `trainwell.oneshot.load`.

        Raises:
            BadInputError: if it is damaged, or needs an embedder and got none or another.
        """
        from trainwell.oneshot.saving import load

        return load(path, embedder)

    def __getstate__(self) -> dict[str, Any]:
        # A copy is watched as one of its own.
        return {k: v for k, v in super().__getstate__().items() if k != "_announcement"}

    def __sklearn_is_fitted__(self) -> bool:
        return self._is_enrolled

    # Inside

    @property
    def _is_enrolled(self) -> bool:
        return "_known" in self.__dict__ and len(self._known.gallery) > 0

    @property
    def _false_accept(self) -> float:
        return float(getattr(self, "false_accept_", 0.05))

    def _enrolled(self) -> Recogniser:
        if not self._is_enrolled:
            raise BadInputError("no label is enrolled yet: `enroll` takes the first example")
        return self._known

    def _asking(self) -> Asking:
        return Asking(self._enrolled(), self.base, self.random_state)

    def _used_embedder(self) -> Embedder:
        if "_embedder" not in self.__dict__:
            self._embedder = embedder_of(self.embedder)
        return self._embedder

    def _used_grounds(self) -> Grounds:
        if "_grounds" not in self.__dict__:
            self._grounds = Grounds.of(
                cohort_of(self.cohort, self._used_embedder()),
                rule=self.rule,
                metric=self.metric,
                scoring=self.scoring,
                centre=self.centre,
            )
        return self._grounds

    def _embed(self, examples: Sequence[Any]) -> Vectors:
        known = self._enrolled()
        vectors = embedded(self._used_embedder(), examples, self.views, self.random_state)
        known.check(vectors)
        if announcement := Announcement.to(self, self._used_embedder().name):
            announcement.asked(known, vectors)
        return vectors

    def _enroll(self, labels: list[Label], examples: list[Any]) -> Self:
        if not examples:
            raise BadInputError("there are no examples to enrol")
        taken = set(self.base.labels) if self.base is not None else set()
        if clash := next((label for label in labels if label in taken), None):
            raise BadInputError(f"the label `{clash}` is one of `base` already")
        grounds = self._used_grounds()
        vectors = embedded(self._used_embedder(), examples, self.views, self.random_state)
        known = self.__dict__.get("_known")
        if known is None:
            grounds.check(vectors)
            known = Recogniser(grounds, Gallery(vectors.shape[1]))
            known.sought.index = index_named(self.index, self.metric)
        known.enroll(labels, vectors, [source_of(example) for example in examples])
        self._known = known
        if doubt := foreign_cohort(known):
            warnings.warn(doubt, stacklevel=3)
        if announcement := Announcement.to(self, self._used_embedder().name):
            announcement.enrolled(known)
        return self
