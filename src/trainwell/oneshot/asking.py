"""From scores to answers, probabilities and explanations."""

from __future__ import annotations

__all__ = ["Asking"]

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax

from trainwell.errors import BadInputError, UnknownNameError
from trainwell.oneshot.answers import UNKNOWN, Answers, Explanation, Label, Neighbour
from trainwell.oneshot.assignment import MODES, balanced, one_to_one
from trainwell.oneshot.calibration import Calibration
from trainwell.oneshot.head import Head
from trainwell.oneshot.recogniser import Recogniser
from trainwell.oneshot.space import Vectors


@dataclass(frozen=True)
class Asking:
    """One question to what is enrolled.

    Attributes:
        known: what is enrolled.
        base: labels beside them.
        seed: of a calibration.
    """

    known: Recogniser
    base: Head | None
    seed: int

    @property
    def names(self) -> list[Label]:
        """Enrolled labels, then those of the base."""
        return [*self.known.gallery.labels, *(self.base.labels if self.base is not None else ())]

    def labels(self, vectors: Vectors, false_accept: float | None) -> NDArray[np.object_]:
        """The label of each query, and no more than that; None where it is refused."""
        if self.base is not None:
            return self.answers(vectors, "independent", false_accept).labels
        seat, score = self.known.best(vectors)
        seats = self.known.gallery.seats
        found = np.empty(len(seat), dtype=object)
        found[:] = [seats[each] for each in seat.tolist()]
        if false_accept is not None:
            found[score < self._threshold(false_accept)] = UNKNOWN
        return found

    def answers(self, vectors: Vectors, assume: str, false_accept: float | None) -> Answers:
        """Answers to queries with all that is known of them.

        Args:
            vectors: (queries, width).
            assume: see `OneShotClassifier.predict_batch`.
            false_accept: refuse unknowns at this share; None: every query gets a label.
        """
        if assume not in MODES:
            raise UnknownNameError("mode", str(assume), MODES)
        if false_accept is not None and assume != "independent":
            raise BadInputError(
                f"`assume={assume}` gives every query a label: it does not go with `unknown`"
            )
        calibration = self._calibration(needed=false_accept is not None or self.base is not None)
        scores = self.known.scores(vectors)
        logits = self._logits(scores, vectors, calibration)
        if assume == "one_to_one":
            chosen = one_to_one(logits)
        elif assume == "balanced":
            logits = balanced(logits)
            chosen = logits.argmax(axis=1)
        else:
            chosen = logits.argmax(axis=1)
        every = np.arange(len(vectors))
        labels = np.array(self.names, dtype=object)[chosen]
        enrolled = chosen < scores.shape[1]
        score = np.where(enrolled, scores[every, np.where(enrolled, chosen, 0)], np.nan)
        similarity = np.full(len(vectors), np.nan, np.float32)
        if enrolled.any():
            gallery = self.known.gallery
            seats = np.array([gallery.seat(label) for label in labels[enrolled]], np.int64)
            similarity[enrolled] = self.known.similarities(vectors[enrolled], seats)
        chance = np.full(len(vectors), np.nan)
        if calibration is not None:
            chance = softmax(logits, axis=1)[every, chosen]
        threshold = None
        if false_accept is not None:
            threshold = self._threshold(false_accept)
            labels[score < threshold] = UNKNOWN
            if self.base is not None:
                # What goes to the head's labels has to look like them.
                old = self.known.acquaintance(self.base, self.seed)
                found = old.similarities(vectors)[every, np.maximum(chosen - scores.shape[1], 0)]
                similarity = np.where(enrolled, similarity, found)
                strange = found < old.threshold(false_accept, self._labels)
                labels[~enrolled & strange] = UNKNOWN
        source = "" if calibration is None else calibration.source
        return Answers(labels, similarity, score, chance, threshold, false_accept, assume, source)

    def probabilities(
        self, vectors: Vectors, order: NDArray[np.object_], unknown: bool
    ) -> NDArray[np.float64]:
        """(queries, labels) in this order; with `unknown` one column more."""
        calibration = self._calibration(needed=True)
        assert calibration is not None
        scores = self.known.scores(vectors)
        if unknown and self.base is None:
            found = calibration.probabilities(scores, unknown=True)
        else:
            found = np.asarray(softmax(self._logits(scores, vectors, calibration), axis=1))
        if unknown and self.base is not None:
            # The head's share is its labels' and nobody's, by how like its labels the query is.
            old = found[:, scores.shape[1] :]
            strange = self.known.acquaintance(self.base, self.seed).strangeness(vectors)[:, None]
            nobody = old.sum(axis=1, keepdims=True) * strange
            found = np.concatenate([found[:, : scores.shape[1]], old * (1 - strange), nobody], 1)
        at = {name: column for column, name in enumerate(self.names)}
        columns = [at[name] for name in order.tolist()]
        return found[:, columns + ([found.shape[1] - 1] if unknown else [])]

    def explanation(self, vector: Vectors, count: int, false_accept: float | None) -> Explanation:
        """Why one query, (1, width), gets its answer."""
        answers = self.answers(vector, "independent", false_accept)
        scores, gallery = self.known.scores(vector)[0], self.known.gallery
        order = np.argsort(-scores, kind="stable")
        names = gallery.labels
        second = (names[order[1]], float(scores[order[1]])) if len(order) > 1 else None
        places, similarities = self.known.nearest(vector, count)
        neighbours = []
        for place, similarity in zip(places.tolist(), similarities.tolist(), strict=True):
            label, number = gallery.seats[gallery.owner[place]], int(gallery.number[place])
            assert label is not None
            source = gallery.sources.get(number)
            neighbours.append(Neighbour(label, similarity, number, source))
        return Explanation(
            answers.labels[0],
            names[order[0]],
            float(scores[order[0]]),
            second,
            answers.threshold,
            neighbours,
        )

    def _logits(
        self, scores: Vectors, vectors: Vectors, calibration: Calibration | None
    ) -> NDArray[np.float64]:
        if calibration is None:
            return scores.astype(np.float64)
        logits = calibration.logits(scores)
        if self.base is None:
            return logits
        # What is none of the enrolled labels is one of the head's, by the head's own shares.
        # A label that was forgotten stays counted, or it would take others' answers with it.
        seats = len(self.known.gallery.seats)
        old = self.base.logs(vectors) + calibration.unknown + np.log(seats)
        joined = np.concatenate([logits, old + self.base.push], axis=1)
        return np.asarray(joined - logsumexp(joined, axis=1, keepdims=True))

    def _threshold(self, false_accept: float) -> float:
        calibration = self._calibration(needed=True)
        assert calibration is not None
        return calibration.threshold(false_accept, self._labels)

    @property
    def _labels(self) -> int:
        """How many labels a stranger may be mistaken for; forgotten ones stay counted."""
        return len(self.known.gallery.seats) + (0 if self.base is None else len(self.base.labels))

    def _calibration(self, *, needed: bool) -> Calibration | None:
        try:
            return self.known.calibrate(self.seed)
        except BadInputError:
            if needed:
                raise
            return None
