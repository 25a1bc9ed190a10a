"""Evaluations: loss functions called without a backward, averaged, set beside the training loss."""

from __future__ import annotations

__all__ = ["Evaluations"]

import math
from dataclasses import dataclass

from trainwell.measures.predictions import Classified
from trainwell.probes.ledger import Ledger
from trainwell.probes.places import place_of
from trainwell.probes.step_state import StepState
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


@dataclass(slots=True)
class _Call:
    function: str
    where: tuple[str, int]
    value: float
    rows: int
    answers: Classified | None = None
    sequence: int | None = None
    """Autograd's running number of the result, in its thread; None where that was not asked for."""
    age: int = 0
    """Backward passes that it has waited for in vain."""


class Evaluations:
    """Tells evaluation from training, and forms a curve of each evaluation.

    A loss with gradients is one of training if some backward passes through it. At samples the
    graph tells which do; between them the functions do that were in a graph before, and how many
    calls of theirs a backward took.

    Args:
        ledger: where evaluations are recorded.
        here: what the running thread has gathered.
    """

    def __init__(self, ledger: Ledger, here: StepState) -> None:
        self._ledger = ledger
        self._here = here
        self._open: dict[str, tuple[_Call, _Mean]] = {}
        self._training: dict[str, _Mean] = {}
        self._counts: dict[str, int] = {}
        self._trained_by: dict[str, set[int]] = {}
        self._usual: dict[int, int] = {}
        self._varies: set[int] = set()
        self._spilled = False
        """Some evaluation was made with gradients on."""
        self._late: set[int] = set()
        """Objectives whose backward passes follow after all of their losses."""
        self.loader = ""
        """Name of the data loader that is being iterated."""
        self.training = 0
        """Trainings that came before this one: other networks, through the same lines perhaps."""

    def saw(
        self,
        function: str,
        lines: tuple[tuple[str, int], ...],
        value: float,
        rows: int,
        answers: Classified | None = None,
    ) -> None:
        """Take in one call of a loss function without gradients.

        Args:
            function: its name.
            lines: file and line of the call, and of those that led to it, innermost first.
            value: its mean result; NaN when unknown.
            rows: examples in the batch.
            answers: how they were classified, when that was measured.
        """
        call = _Call(function, lines[0], value, rows, answers)
        path = ">".join([str(line) for _, line in lines])
        self._into(f"{function}@{path}{self.loader}{self._era}", call)

    @property
    def _era(self) -> str:
        return f" (training {self.training + 1})" if self.training else ""

    def add_training(
        self,
        function: str,
        where: tuple[str, int],
        value: float,
        rows: int,
        sequence: int | None = None,
    ) -> None:
        """A loss function was called with gradients: whether a backward follows is open."""
        pending = self._here.pending
        pending.append(_Call(function, where, value, rows, None, sequence))
        if len(pending) > _PENDING:
            self._spill(pending[: _PENDING // 2])
            del pending[: _PENDING // 2]

    def backward(self, step: int, objective: int, inside: set[int] | None) -> None:
        """A backward begins: take the calls that led to it for training, others for evaluation.

        Args:
            step: the step.
            objective: number of the objective.
            inside: autograd's running numbers of the nodes of its graph; None between samples.
        """
        pending, self._here.pending = self._here.pending, []
        none: list[_Call] = []
        if len(pending) == 1 and inside is None and self._usual.get(objective) == 1:
            used, others = pending, none
        elif inside is not None:
            used, others = self._sampled(pending, objective, inside)
        else:
            used, others = self._counted(pending, objective)
        # A call may lead to another objective's backward, which comes after this one.
        patience = max(len(self._usual) - 1, 1)
        for call in others:
            call.age += 1
            if call.age > patience:
                self._spill([call])
            else:
                self._here.pending.append(call)
        # The calls that lead to this backward belong to the stretch after the evaluation.
        if self._open:
            self.close(step)
        for call in used:
            mean = self._training.get(call.function)
            if mean is None:
                mean = self._training[call.function] = _Mean()
            mean.add(call.value, call.rows)

    def _sampled(
        self, pending: list[_Call], objective: int, inside: set[int]
    ) -> tuple[list[_Call], list[_Call]]:
        if any(call.sequence is None for call in pending):
            # Some came before the sample began.
            return self._counted(pending, objective)
        used = [call for call in pending if call.sequence in inside]
        for call in used:
            self._trained_by.setdefault(call.function, set()).add(objective)
        if any(call.age for call in used):
            self._late.add(objective)
        before = self._usual.get(objective)
        if before is not None and before != len(used):
            self._varies.add(objective)
        self._usual[objective] = len(used)
        return used, [call for call in pending if call.sequence not in inside]

    def _counted(self, pending: list[_Call], objective: int) -> tuple[list[_Call], list[_Call]]:
        usual = self._usual.get(objective)
        if usual is None:
            return pending, []
        own: list[_Call] = []
        others: list[_Call] = []
        shared = False
        for call in pending:
            trains = self._trained_by.get(call.function, ())
            (own if objective in trains else others).append(call)
            shared = shared or len(trains) > 1
        extra = 0 if objective in self._varies else max(0, len(own) - usual)
        if not extra:
            return own, others
        if shared or objective in self._late:
            # Both losses first, then both backward passes.
            return own[:usual], [*others, *own[usual:]]
        self._spill(own[:extra])
        return own[extra:], others

    def is_simple(self, objective: int) -> bool:
        """Whether each backward of an objective follows on its own losses, always as many."""
        return (
            not self._here.pending
            and not self._spilled
            and objective not in self._late
            and objective not in self._varies
        )

    def finish(self, step: int) -> None:
        """The run is over."""
        self._spill(self._here.pending)
        self._here.pending = []
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

    def usual(self, objective: int) -> int:
        """Loss calls that a backward of an objective takes."""
        return self._usual.get(objective, 0)

    def _spill(self, calls: list[_Call]) -> None:
        self._spilled = self._spilled or bool(calls)
        for call in calls:
            self._into(
                f"{call.function}@{call.where[1]} with gradients{self.loader}{self._era}", call
            )

    def _into(self, key: str, call: _Call) -> None:
        if key not in self._open:
            self._open[key] = (call, _Mean())
        self._open[key][1].add(call.value, call.rows, call.answers)
