"""What other settings would have done: remembered steps, played again in a copy of the process."""

from __future__ import annotations

__all__ = ["SECONDS", "ForkError", "answers", "ask"]

import copy
import gc
import json
import math
import os
import random
import select
import signal
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

import torch
from torch.optim import Optimizer

from trainwell.probes.ledger import Ledger
from trainwell.probes.rehearsal import Rehearsal, Tape
from trainwell.record import Counterfactual


class ForkError(Exception):
    """The copy ended before it was done, not because of the time limit; the text says why."""


def answers(work: Callable[[], Iterator[dict[str, Any]]], seconds: float) -> list[dict[str, Any]]:
    """What a generator yields in a copy of this process, until it ends or its time is up.

    The copy has no streams, ends with this process, and runs nothing that is registered for the
    end of a process. Wherever this function is left, the copy is gone.

    Args:
        work: is called in the copy; yields what JSON can hold.
        seconds: wall time after which the copy is killed; what it has answered by then counts.

    Raises:
        ForkError: if `work` raised.
    """
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        # Python warns of every fork of a process with threads; the copy uses none of them.
        warnings.simplefilter("ignore")
        child = os.fork()
    if child == 0:
        _work(work, reader, writer)
    os.close(writer)
    try:
        lines = _read(reader, time.monotonic() + seconds)
    finally:
        os.close(reader)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    found = [json.loads(line) for line in lines]
    if found and "raised" in found[-1]:
        raise ForkError(str(found[-1]["raised"]))
    return found


def _read(reader: int, deadline: float) -> list[bytes]:
    """The whole lines that come until the pipe is closed, or the time is up."""
    text = b""
    while (left := deadline - time.monotonic()) > 0:
        ready, _, _ = select.select([reader], [], [], left)
        part = os.read(reader, 1 << 16) if ready else b""
        if not part:
            break
        text += part
    return text.split(b"\n")[:-1]


def _work(work: Callable[[], Iterator[dict[str, Any]]], reader: int, writer: int) -> NoReturn:
    try:
        gc.disable()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        os.close(reader)
        try:
            for answer in work():
                os.write(writer, json.dumps(answer).encode() + b"\n")
        except Exception as error:  # noqa: BLE001 - told to the parent, which says so
            text = f"{type(error).__name__}: {error}"
            os.write(writer, json.dumps({"raised": text}).encode() + b"\n")
    finally:
        # Neither handlers for the end of the process nor buffers: they are the parent's.
        os._exit(0)


SECONDS = 20.0
"""What trying other settings may take, at the end of a run."""

_STEPS = 300
_FEWEST = 20
_HELD = 4
"""Every so many tapes one is kept for measuring."""
_ORDERS = 2
_RESTARTABLE = ("SGD", "Adam", "AdamW", "NAdam", "RAdam", "Adamax", "RMSprop", "Adadelta")
"""Optimizers that begin anew when their state is emptied."""
_TOLERANCE = 1e-3
"""Relative difference between a loss played again and the script's own, on one thread only."""
_SETTINGS = 9
"""Settings that are tried, about: what the time is divided by."""
_SMALL = 8
"""Examples up to which a batch is small; then `_BATCHES` of them are tried together."""
_BATCHES = 8


@dataclass(frozen=True)
class _Setting:
    start: str
    factor: float = 1.0
    batches: int = 1
    optimizer: str | None = None
    rate: float = 0.0


def ask(rehearsal: Rehearsal, ledger: Ledger, seconds: float = SECONDS) -> None:
    """Try other settings, and record what they brought; or note why that cannot be done.

    Args:
        rehearsal: what was remembered of the run.
        ledger: of the run; it is flushed.
        seconds: wall time that this may take.
    """
    if not rehearsal.backwards and rehearsal.problem is None:
        return
    problem = rehearsal.problem or _unfit(rehearsal)
    found: list[dict[str, Any]] = []
    if problem is None:
        try:
            found = answers(lambda: _Trial(rehearsal, seconds).run(), seconds)
        except (ForkError, OSError) as error:
            problem = f"the copy of the process failed: {error}"
    for answer in found:
        if "problem" in answer:
            problem = answer["problem"]
            break
        number = ledger.next_number("counterfactual")
        ledger.put(Counterfactual(number, min(rehearsal.objectives), **answer))
    if problem is not None:
        ledger.note(f"no other settings were tried: {problem}")
    ledger.flush()


def _unfit(rehearsal: Rehearsal) -> str | None:
    if not hasattr(os, "fork"):
        return "this system cannot fork a process"
    if torch.cuda.is_available():
        return "on a machine with CUDA, autograd does not work in a forked process"
    if len(rehearsal.objectives) != 1:
        return f"{len(rehearsal.objectives)} losses are trained, where one can be played again"
    if len(rehearsal.optimizers) != 1:
        return f"{len(rehearsal.optimizers)} optimizers stepped, where one can be started again"
    name = type(next(iter(rehearsal.optimizers.items()))[0]).__name__
    if name not in _RESTARTABLE:
        return f"{name} cannot be started again"
    if len(rehearsal.tapes) < 8:
        return f"{len(rehearsal.tapes)} steps are too few to learn from"
    return None


class _Trial:
    """Lives in the copy: the network and the optimizer here are the script's own, for good."""

    def __init__(self, rehearsal: Rehearsal, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds
        self.seconds = seconds
        self.parent = os.getppid()
        self.rehearsal = rehearsal
        self.tapes = [t for i, t in enumerate(rehearsal.tapes) if i % _HELD != _HELD - 1]
        self.held = rehearsal.tapes[_HELD - 1 :: _HELD]
        ((self.optimizer, rates),) = rehearsal.optimizers.items()
        self.final = [(t, t.detach().clone()) for t, _ in rehearsal.start]
        self.state = copy.deepcopy(self.optimizer.state_dict())
        self.rates = {
            # Warm-up and decay are not played again: the rate in between is the script's choice.
            "initial": rates,
            "final": [float(g["lr"]) for g in self.optimizer.param_groups],
        }
        self.backwards = max(1, round(rehearsal.backwards / max(rehearsal.updates, 1)))
        """Passes whose gradients the script sums up for one step."""
        self.steps = 0
        self.reached = math.nan
        self.afters: dict[_Setting, float] = {}

    def run(self) -> Iterator[dict[str, Any]]:
        """What each setting brought, the most telling first."""
        torch.set_num_threads(1)
        torch.set_grad_enabled(True)
        for module, training in self.rehearsal.modes.items():
            module.training = training
        began = time.monotonic()
        problem = self._mismatch()
        if problem is not None:
            yield {"problem": problem}
            return
        self._begin(_Setting("final"))
        self.reached = self._measure()
        self._count_steps(began)
        if self.steps < min(_FEWEST, self.rehearsal.updates):
            yield {"problem": f"{_FEWEST} steps would take too long"}
            return
        for setting in self._from_the_start():
            yield self._try(setting)
        if math.isfinite(self.reached):
            for setting in self._from_the_end():
                yield self._try(setting)

    def _from_the_start(self) -> Iterator[_Setting]:
        here = _Setting("initial")
        up, down = _Setting("initial", 10.0), _Setting("initial", 0.1)
        yield from (here, up, down)
        # Whichever way the loss gets lower, or at least not higher: the rate may be far off.
        further = 100.0 if self.afters[up] <= self.afters[down] else 0.01
        yield _Setting("initial", further)
        if type(self.optimizer).__name__ == "SGD":
            yield _Setting("initial", optimizer="Adam", rate=1e-3)
            yield _Setting("initial", optimizer="Adam", rate=1e-2)

    def _from_the_end(self) -> Iterator[_Setting]:
        # A schedule that has run out leaves no rate to go on with.
        if any(
            n < 0.5 * m for n, m in zip(self.rates["final"], self.rates["initial"], strict=True)
        ):
            return
        yield from (_Setting("final"), _Setting("final", 0.1), _Setting("final", 10.0))
        if self._asks_for_batches:
            yield _Setting("final", batches=_BATCHES)

    @property
    def _asks_for_batches(self) -> bool:
        """Whether batches are so small that larger ones are worth trying."""
        return len(self.tapes) >= 2 * _BATCHES and self.tapes[0].rows <= _SMALL

    def _mismatch(self) -> str | None:
        """Whether the first step, played again, does not have the loss that it had."""
        self._restore(self.rehearsal.start)
        tape = self.rehearsal.tapes[0]
        torch.set_rng_state(tape.random)
        value = float(tape.play().detach())
        if abs(value - tape.value) <= _TOLERANCE * max(abs(tape.value), 1e-6):
            return None
        if math.isnan(value) and math.isnan(tape.value):
            return None
        return f"the first step, played again, has the loss {value:.6g}, not {tape.value:.6g}"

    def _count_steps(self, began: float) -> None:
        """As many steps as the run had, as far as the time allows."""
        loss = self.tapes[0].play()
        loss.backward()  # type: ignore[no-untyped-call]
        timed = time.monotonic()
        for tape in self.tapes[1:4]:
            tape.play().backward()  # type: ignore[no-untyped-call]
        step = self.backwards * (time.monotonic() - timed) / 3
        left = 0.7 * (self.deadline - time.monotonic())
        share = _ORDERS * (_SETTINGS + (_BATCHES if self._asks_for_batches else 0))
        affordable = int(left / (share * max(step, 1e-6)))
        self.steps = min(self.rehearsal.updates, _STEPS, affordable)

    def _try(self, setting: _Setting) -> dict[str, Any]:
        self._begin(setting)
        before = self._measure()
        afters = []
        for order in range(_ORDERS):
            optimizer = self._begin(setting)
            self._train(optimizer, setting, order)
            afters.append(self._measure())
        after = sum(afters) / len(afters)
        self.afters[setting] = after if math.isfinite(after) else math.inf
        rate = setting.rate or self._rate(setting, 0)
        return {
            "start": setting.start,
            "optimizer": setting.optimizer or type(self.optimizer).__name__,
            "learning_rate": rate,
            "factor": setting.factor,
            "batches": setting.batches,
            "steps": self.steps,
            "run_steps": self.rehearsal.updates,
            "before": before,
            "after": after,
            "spread": max(afters) - min(afters),
            "reached": self.reached,
            "is_baseline": setting == _Setting(setting.start),
        }

    def _rate(self, setting: _Setting, group: int) -> float:
        return setting.factor * self.rates[setting.start][group]

    def _restore(self, values: list[tuple[torch.Tensor, torch.Tensor]]) -> None:
        with torch.no_grad():
            for tensor, value in values:
                tensor.copy_(value)

    def _begin(self, setting: _Setting) -> Optimizer:
        """Put the weights where the setting starts from; its optimizer."""
        initial = setting.start == "initial"
        self._restore(self.rehearsal.start if initial else self.final)
        if setting.optimizer is not None:
            trained = [t for g in self.optimizer.param_groups for t in g["params"]]
            return torch.optim.Adam(trained, lr=setting.rate)
        if initial:
            self.optimizer.state.clear()
        else:
            self.optimizer.load_state_dict(copy.deepcopy(self.state))
        for number, group in enumerate(self.optimizer.param_groups):
            group["lr"] = self._rate(setting, number)
        return self.optimizer

    def _train(self, optimizer: Optimizer, setting: _Setting, order: int) -> None:
        torch.manual_seed(order)
        shuffle = random.Random(order)
        queue: list[Tape] = []
        for _ in range(self.steps):
            if os.getppid() != self.parent:
                os._exit(0)
            optimizer.zero_grad()
            for _ in range(setting.batches * self.backwards):
                if not queue:
                    queue = self.tapes[:]
                    shuffle.shuffle(queue)
                loss = queue.pop().play() / setting.batches
                loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()

    def _measure(self) -> float:
        """The mean loss of the steps held back, as the script computes it in training."""
        kept = [(t, t.detach().clone()) for t, _ in self.final]
        losses = []
        for tape in self.held:
            torch.set_rng_state(tape.random)
            # With gradients: some losses take a derivative themselves.
            losses.append(float(tape.play().detach()))
        # Batch statistics move while a network in training mode is only measured.
        self._restore(kept)
        return sum(losses) / len(losses)
