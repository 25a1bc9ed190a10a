"""A Python function whose arguments are searched."""

from __future__ import annotations

__all__ = ["FunctionSubject", "call"]

import inspect
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from trainwell.errors import BadInputError, UnknownNameError
from trainwell.trials.job import Job, Outcome
from trainwell.trials.measure import Measure
from trainwell.trials.tuning.parameter import Parameter, Values, ordered
from trainwell.trials.tuning.plan import TunePlan

CURVE = "value#0"
"""The curve that a function's values form."""


class FunctionSubject:
    """A function of hyperparameters.

    It is called with them by name, and returns a number; or it yields one after another, as an
    evaluation after each epoch would: the last one counts, and trials may end early.

    Args:
        plan: what is asked for.
        function: the function.
    """

    def __init__(self, plan: TunePlan, function: Callable[..., Any]) -> None:
        self._plan = plan
        self._defaults = {
            name: p.default
            for name, p in inspect.signature(function).parameters.items()
            if p.default is not inspect.Parameter.empty
        }
        self._known = inspect.signature(function).parameters
        self._takes_any = any(p.kind is p.VAR_KEYWORD for p in self._known.values())
        self._needed = {
            name
            for name, p in self._known.items()
            if p.default is inspect.Parameter.empty
            and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
        }
        self._curve = 0

    @property
    def evaluations(self) -> int:
        """Numbers that the defaults yielded."""
        return self._curve

    def default_job(self) -> Job | None:
        """A call without arguments, where the function has defaults for all of them."""
        return None if self._needed else Job(self._plan.script)

    def learn(self, outcome: Outcome) -> Measure:
        """Take in what the defaults gave.

        Raises:
            BadInputError: if the call failed.
        """
        if outcome.failed:
            raise BadInputError(f"the function fails with its own defaults: {outcome.error}")
        self._curve = len(outcome.curves.get(CURVE, ()))
        return self.measure

    @property
    def measure(self) -> Measure:
        """What it returns."""
        return Measure("loss", CURVE, maximize=self._plan.maximize)

    def fit(self, parameters: Iterable[Parameter]) -> tuple[Parameter, ...]:
        """The parameters, checked against the function's.

        Raises:
            UnknownNameError: if it has no such parameter.
            BadInputError: if one that it needs is missing.
        """
        found = ordered(parameters)
        for parameter in found:
            if parameter.name not in self._known and not self._takes_any:
                raise UnknownNameError(
                    f"parameter of `{self._plan.script}`:", parameter.name, self._known
                )
        missing = self._needed - {p.name for p in found if p.condition is None}
        if missing:
            raise BadInputError(f"`{self._plan.script}` needs a range for {', '.join(missing)}")
        return found

    def default_values(self, parameters: Iterable[Parameter]) -> Values:
        """The defaults of its parameters."""
        return {p.name: self._defaults[p.name] for p in parameters if p.name in self._defaults}

    def job(self, values: Values, seed: int, *, follow: bool) -> Job:
        """A call with these values."""
        return Job(self._plan.script, seed=seed, settings=dict(values), follow=follow)

    def regularises(self, values: Values) -> bool:
        """Nothing is known of that."""
        del values
        return False


def call(function: Callable[..., Any]) -> Callable[[Job, str], Outcome]:
    """What calls a function for a job, in a process of its own.

    Args:
        function: to be called.
    """

    def work(job: Job, output: str) -> Outcome:
        from trainwell.trials.pool import points_path
        from trainwell.trials.seeds import impose
        from trainwell.trials.worker import follow_into, redirect

        redirect(output)
        impose(job.seed)
        tell = follow_into(points_path(output)) if job.follow else None
        began = time.perf_counter()
        outcome = evaluate(function, job, tell)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        with open(output, encoding="utf-8", errors="replace") as file:
            text = file.read()
        return Outcome(**{**outcome, "output": text, "seconds": time.perf_counter() - began})

    return work


def evaluate(
    function: Callable[..., Any], job: Job, tell: Callable[[str, float, None], None] | None
) -> dict[str, Any]:
    """Call a function.

    Args:
        function: the function.
        job: holds its arguments.
        tell: is told every number that it yields.

    Returns:
        The fields of an `Outcome`.
    """
    points: list[list[float | None]] = []
    try:
        for value in _numbers(function(**job.settings)):
            points.append([len(points), value, None, 1])
            if tell is not None:
                tell(CURVE, value, None)
    except Exception as error:  # noqa: BLE001 - whatever ends the function is its result
        traceback.print_exc()
        text = str(error).strip().splitlines()
        return {"status": 1, "error": f"{type(error).__name__}: {text[0] if text else ''}"}
    return {"status": 0, "curves": {CURVE: points}}


def _numbers(result: Any) -> Iterator[float]:
    if isinstance(result, Iterator):
        for value in result:
            yield _number(value)
    else:
        yield _number(result)


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(f"it gave {type(value).__name__}, a number was expected") from None
