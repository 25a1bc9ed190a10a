"""Trials as tasks of a Ray cluster: the script's folder is shipped, a node may die.

Tasks, and not `ray.tune`: that one starts an actor for each trial, and polls.
"""

from __future__ import annotations

__all__ = ["Cluster"]

import os
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from trainwell.errors import BadInputError
from trainwell.trials.job import Job, Outcome
from trainwell.trials.pool import Point, Pool, preloads
from trainwell.trials.tuning.function import call
from trainwell.trials.tuning.plan import TunePlan

_RETRIES = 3
"""How often Ray tries a task again whose node has died."""

_LOOK = 0.2
"""Seconds between two looks at what trials say of their evaluations."""

_POOLS: dict[str, Pool] = {}
"""In a Ray worker: the process for trials, which stays from task to task."""


class Cluster:
    """Runs jobs as Ray tasks, one for each core of the cluster.

    Args:
        plan: whose address, jobs, folder and script count.
        function: that is called; None: jobs run the script.

    Raises:
        BadInputError: without Ray, or when no cluster answers.
    """

    threads = 1

    def __init__(self, plan: TunePlan, function: Callable[..., Any] | None) -> None:
        try:
            import ray
        except ModuleNotFoundError:
            raise BadInputError(
                "`--engine ray` needs a package: pip install 'trainwell[ray]'"
            ) from None
        self._ray: Any = ray
        self._own = not ray.is_initialized()
        self._jobs = plan.jobs
        self._folder = os.path.abspath(plan.folder)
        if self._own:
            _connect(ray, plan, self._folder if function is None else None)
        elif function is None:
            raise BadInputError(
                "this process is connected to Ray already, and the script's folder is shipped when"
                " it connects: call ray.shutdown() first"
            )
        self._board = _board(ray)
        self._task = ray.remote(num_cpus=1, max_retries=_RETRIES)(_run)
        self._function = function
        self._modules = () if function is not None or plan.is_module else preloads(plan.script)
        self._running: dict[Any, tuple[int, Job]] = {}
        self._began: dict[int, float] = {}
        self._count = 0

    @property
    def size(self) -> int:
        """Tasks at a time: one a core, or as many as were asked for."""
        cores = int(self._ray.cluster_resources().get("CPU", 1))
        return max(1, cores if self._jobs is None else min(cores, self._jobs))

    @property
    def free(self) -> int:
        """How many more jobs may start now."""
        return self.size - len(self._running)

    def start(self, job: Job) -> int:
        """Start a job."""
        self._count += 1
        if self._count == 1:
            self._warm()
        text = _relative(job, self._folder).to_text()
        reference = self._task.remote(
            self._count, text, self._modules, self._function, self._board if job.follow else None
        )
        self._running[reference] = (self._count, job)
        self._began[self._count] = time.monotonic()
        return self._count

    def _warm(self) -> None:
        """Have the other workers load PyTorch while the first job, which is alone, runs."""
        task = self._ray.remote(num_cpus=1, max_retries=0)(_warm)
        for _ in range(self.size - 1):
            task.remote(self._modules, self._function)

    def stop(self, number: int) -> None:
        """Have a job killed."""
        for reference, (at, _) in list(self._running.items()):
            if at == number:
                del self._running[reference]
                self._board.stop.remote(number)
                self._ray.cancel(reference, force=False)

    def follow(
        self,
        hear: Callable[[int, Point], None] | None = None,
        limit: float = float("inf"),
        until: float = float("inf"),
    ) -> tuple[int, Outcome] | None:
        """Wait for the next job to end, and hear of the evaluations until then."""
        end = time.monotonic() + until
        while self._running:
            if hear is not None and any(job.follow for _, job in self._running.values()):
                for number, point in self._ray.get(self._board.drain.remote()):
                    hear(number, tuple(point))
            patience = min(_LOOK, max(0.0, end - time.monotonic()))
            ready, _ = self._ray.wait(list(self._running), num_returns=1, timeout=patience)
            for reference in ready:
                number, _ = self._running.pop(reference)
                return number, self._outcome(reference)
            for number, _ in list(self._running.values()):
                if time.monotonic() - self._began[number] > limit:
                    self.stop(number)
                    return number, Outcome(-9, f"stopped after {limit:.0f} seconds")
            if time.monotonic() >= end:
                return None
        return None

    def _outcome(self, reference: Any) -> Outcome:
        try:
            return Outcome.from_json(self._ray.get(reference))
        except self._ray.exceptions.RayError as error:
            first = str(error).strip().splitlines()[0]
            # Negative, as for a process that was killed: the setting is tried again.
            return Outcome(-9, f"its node was lost: {first}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, _ in list(self._running.values()):
            self.stop(number)
        if self._own:
            self._ray.shutdown()


def _connect(ray: Any, plan: TunePlan, folder: str | None) -> None:
    # The dashboard costs seconds, and nobody looks at it here.
    local = {"include_dashboard": False, "num_cpus": plan.jobs} if plan.address is None else {}
    shipped = {"working_dir": folder, "excludes": [".trainwell", ".git", "*.pyc"]}
    try:
        ray.init(
            address=plan.address,
            log_to_driver=False,
            logging_level="error",
            runtime_env=shipped if folder is not None else None,
            **local,
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        first = str(error).strip().splitlines()[0]
        raise BadInputError(f"`--ray-address`: no cluster answers: {first}") from error


def _board(ray: Any) -> Any:
    """An actor on this node, where tasks leave what they have to say while they run."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = ray.get_runtime_context().get_node_id()
    made = ray.remote(num_cpus=0)(_Board)
    return made.options(
        scheduling_strategy=NodeAffinitySchedulingStrategy(here, soft=False)
    ).remote()


class _Board:
    def __init__(self) -> None:
        self._points: list[tuple[int, list[Any]]] = []
        self._stopped: set[int] = set()

    def say(self, number: int, points: list[list[Any]]) -> bool:
        """Leave points; says whether the job is to go on."""
        self._points += [(number, p) for p in points]
        return number not in self._stopped

    def drain(self) -> list[tuple[int, list[Any]]]:
        """All points since the last time."""
        points, self._points = self._points, []
        return points

    def stop(self, number: int) -> None:
        """End a job at its next word."""
        self._stopped.add(number)


def _relative(job: Job, folder: str) -> Job:
    """The job for a machine on which the folder lies elsewhere."""
    from dataclasses import replace

    inside = os.path.relpath(job.script, folder) if os.path.isabs(job.script) else job.script
    return replace(job, script=inside, folder=".", home=os.path.relpath(job.home, folder))


def _run(
    number: int,
    text: str,
    modules: tuple[str, ...],
    function: Callable[..., Any] | None,
    board: Any,
) -> dict[str, Any]:
    """A task: runs a job in a process of its own, on whichever node it is."""
    from dataclasses import replace

    pool = _pool(modules, function)
    job = Job.from_text(text)
    here = os.getcwd()
    home = os.path.abspath(job.home)
    job = replace(job, script=_placed(job.script, here), folder=here, home=home)
    pool.start(job)
    try:
        return _followed(pool, number, board).to_json()
    except BaseException:
        # What is left of it must not meet the next task.
        _POOLS.pop(_key(function)).close()
        raise


def _key(function: Callable[..., Any] | None) -> str:
    return "" if function is None else str(id(function))


def _pool(modules: tuple[str, ...], function: Callable[..., Any] | None) -> Pool:
    """This worker's process for trials."""
    key = _key(function)
    if key not in _POOLS:
        _POOLS[key] = Pool(1, modules) if function is None else Pool(1, work=call(function))
    return _POOLS[key]


def _warm(modules: tuple[str, ...], function: Callable[..., Any] | None) -> None:
    """A task: has this worker's process for trials ready for the next one."""
    _pool(modules, function)


def _placed(script: str, folder: str) -> str:
    path = os.path.join(folder, script)
    return path if os.path.exists(path) else script


def _followed(pool: Pool, number: int, board: Any) -> Outcome:
    import ray

    points: list[list[Any]] = []
    while True:
        ended = pool.follow(_collects(points), until=_LOOK)
        go_on = True
        if board is not None and (points or ended is None):
            go_on = ray.get(board.say.remote(number, points))
            points.clear()
        if ended is not None:
            return ended[1]
        if not go_on:
            for running in list(pool._running):
                pool.stop(running)
            return Outcome(-9, "stopped")


def _collects(points: list[list[Any]]) -> Callable[[int, Point], None]:
    def hear(_: int, point: Point) -> None:
        points.append(list(point))

    return hear
