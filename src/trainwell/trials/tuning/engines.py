"""Where trials run: forks on this machine, this very process, or a Ray cluster."""

from __future__ import annotations

__all__ = ["ENGINES", "Engine", "Inline", "make_engine"]

from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Any, Protocol, Self

from trainwell.errors import BadInputError, UnknownNameError
from trainwell.trials.job import Job, Outcome
from trainwell.trials.pool import Point, Pool, cores, preloads
from trainwell.trials.tuning.function import call, evaluate
from trainwell.trials.tuning.plan import TunePlan

ENGINES = {
    "pool": "processes of this machine, several at a time (the default)",
    "inline": "one after another, forked from this process; a function is called in it",
    "ray": "tasks of a Ray cluster",
}
"""What `--engine` takes."""


class Engine(Protocol):
    """Runs jobs; `Pool` is one."""

    @property
    def free(self) -> int:
        """How many more jobs may start now."""
        ...

    @property
    def threads(self) -> int:
        """Threads that each job may use."""
        ...

    def start(self, job: Job) -> int:
        """Start a job, and give its number."""
        ...

    def stop(self, number: int) -> None:
        """Kill a job."""
        ...

    def follow(
        self,
        hear: Callable[[int, Point], None] | None = None,
        limit: float = float("inf"),
        until: float = float("inf"),
    ) -> tuple[int, Outcome] | None:
        """Wait for the next job to end, and hear of the evaluations until then."""
        ...

    def __enter__(self) -> Self:
        """Itself."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End all that runs."""
        ...


class Inline:
    """Calls a function in this process, one job after another: a debugger stops in it.

    Args:
        function: the function.
    """

    threads = 1

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._waiting: deque[tuple[int, Job]] = deque()
        self._count = 0
        self._stopped: set[int] = set()

    @property
    def free(self) -> int:
        """One at a time."""
        return 1 - len(self._waiting)

    def start(self, job: Job) -> int:
        """Keep it for `follow`."""
        self._count += 1
        self._waiting.append((self._count, job))
        return self._count

    def stop(self, number: int) -> None:
        """End it at its next number."""
        self._stopped.add(number)

    def follow(
        self,
        hear: Callable[[int, Point], None] | None = None,
        limit: float = float("inf"),
        until: float = float("inf"),
    ) -> tuple[int, Outcome] | None:
        """Call the function. Limits do not hold here: what runs is this process."""
        del limit, until
        number, job = self._waiting.popleft()

        def tell(name: str, value: float, accuracy: None) -> None:
            if hear is not None and job.follow:
                hear(number, (name, value, accuracy))
            if number in self._stopped:
                raise _StoppedError

        try:
            fields = evaluate(self._function, job, tell)
        except _StoppedError:
            return None
        return number, Outcome(**fields)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._waiting.clear()


class _StoppedError(BaseException):
    """The trial is hopeless; no `except Exception` of the function's may catch this."""


def make_engine(plan: TunePlan, function: Callable[..., Any] | None) -> Engine:
    """The engine that is asked for.

    Args:
        plan: what is asked for.
        function: that is tuned; None for a script.

    Raises:
        UnknownNameError: if there is no such engine.
        BadInputError: if it needs a package that is not there, or no cluster answers.
    """
    if plan.engine not in ENGINES:
        raise UnknownNameError("engine", plan.engine, ENGINES)
    if plan.address is not None and plan.engine != "ray":
        raise BadInputError("`--ray-address` goes with `--engine ray`")
    if plan.engine == "ray":
        from trainwell.trials.tuning.cluster import Cluster

        return Cluster(plan, function)
    if plan.engine == "inline":
        if function is not None:
            return Inline(function)
        from trainwell.trials.worker import work

        return Pool(1, work=work)
    size = plan.jobs or cores()
    if function is not None:
        return Pool(size, work=call(function))
    return Pool(size, () if plan.is_module else preloads(plan.script))
