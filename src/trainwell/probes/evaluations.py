"""Evaluations: loss functions called without a backward, averaged, set beside the training loss."""

from __future__ import annotations

__all__ = ["Evaluations"]

import math
from dataclasses import dataclass

from trainwell.measures.predictions import Classified
from trainwell.probes.ledger import Ledger
from trainwell.probes.places import Sources, place_of
from trainwell.record import Evaluation

_KEEP = 512
"""Evaluations of one key are kept singly up to this many, then every second, every fourth, ..."""

_PENDING = 4096
"""Loss calls with gradients that may wait for a backward; more are an evaluation."""


@dataclass
class _Mean:
    total: float = 0.0
    rows: int = 0
    right: float = 0.0
    sure: float = 0.0
    judged: int = 0

    def add(self, value: float, rows: int, answers: Classified | None = None) -> None:
        if math.isfinite(value):
            self.total += value * rows
            self.rows += rows
        if answers is not None:
            self.right += answers.accuracy * answers.rows
            self.sure += answers.confidence * answers.rows
            self.judged += answers.rows

    @property
    def value(self) -> float:
        return self.total / self.rows if self.rows else math.nan


@dataclass(frozen=True)
class _Call:
    function: str
    where: tuple[str, int]
    value: float
    rows: int
    answers: Classified | None = None


class Evaluations:
    """Tells evaluation from training, and forms a curve of each evaluation."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._open: dict[str, tuple[_Call, _Mean]] = {}
        self._pending: list[_Call] = []
        self._training: dict[str, _Mean] = {}
        self._counts: dict[str, int] = {}
        self.loader = ""
        """Name of the data loader that is being iterated."""

    def saw(
        self,
        function: str,
        where: tuple[str, int],
        sources: Sources,
        value: float,
        rows: int,
        answers: Classified | None = None,
        *,
        training: bool,
    ) -> None:
        """Take in one call of a loss function.

        Args:
            function: its name.
            where: file and line of the call.
            sources: tells the lines that called that line.
            value: its mean result; NaN when unknown.
            rows: examples in the batch.
            answers: how they were classified, when that was measured.
            training: it was called with gradients.
        """
        if training:
            # Whether a backward follows is not known yet: some evaluate with gradients on.
            self.add_training(function, where, value, rows)
            return
        call = _Call(function, where, value, rows, answers)
        lines = ">".join(f"{line}" for _, line in sources.chain(3))
        self._into(f"{function}@{lines}{self.loader}", call)

    @property
    def busy(self) -> bool:
        """An evaluation is open."""
        return bool(self._open)

    def add_training(self, function: str, where: tuple[str, int], value: float, rows: int) -> None:
        """A loss function was called with gradients."""
        self._pending.append(_Call(function, where, value, rows))
        if len(self._pending) > _PENDING:
            self._spill(self._pending[: _PENDING // 2])
            self._pending = self._pending[_PENDING // 2 :]

    def backward(self, step: int, usual: int | None) -> None:
        """A backward begins: what was called since the last one without leading to it evaluated.

        Args:
            step: the step.
            usual: loss calls in this objective's graph when it was looked at; None if unknown.
        """
        pending, self._pending = self._pending, []
        extra = 0 if usual is None else max(0, len(pending) - usual)
        if extra:
            self._spill(pending[:extra])
        # The calls that lead to this backward belong to the stretch after the evaluation.
        if self._open:
            self.close(step)
        for call in pending[extra:]:
            mean = self._training.get(call.function)
            if mean is None:
                mean = self._training[call.function] = _Mean()
            mean.add(call.value, call.rows)

    def finish(self, step: int) -> None:
        """The run is over."""
        self._spill(self._pending)
        self._pending = []
        self.close(step)

    def close(self, step: int) -> None:
        """Record the evaluations that are open."""
        done = []
        for key, (call, mean) in self._open.items():
            trained = self._training.get(call.function)
            count = self._counts[key] = self._counts.get(key, 0) + 1
            stride = 1 << max(0, (count // _KEEP).bit_length())
            if count > _KEEP and count % stride:
                continue
            self._ledger.put(
                Evaluation(
                    number=self._ledger.next_number("evaluation"),
                    step=step,
                    key=key,
                    loss=mean.value,
                    training_loss=trained.value if trained and trained.rows else None,
                    examples=mean.rows,
                    function=call.function,
                    place=place_of(*call.where),
                    accuracy=mean.right / mean.judged if mean.judged else None,
                    confidence=mean.sure / mean.judged if mean.judged else None,
                )
            )
            done.append(call.function)
        self._open = {}
        for function in done:
            self._training.pop(function, None)

    def _spill(self, calls: list[_Call]) -> None:
        for call in calls:
            self._into(f"{call.function}@{call.where[1]} with gradients{self.loader}", call)

    def _into(self, key: str, call: _Call) -> None:
        if key not in self._open:
            self._open[key] = (call, _Mean())
        self._open[key][1].add(call.value, call.rows, call.answers)
