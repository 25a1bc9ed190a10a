"""`tune`: a search from Python."""

from __future__ import annotations

__all__ = ["tune"]

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from trainwell.trials.tuning.domain import given_domain
from trainwell.trials.tuning.parameter import Values
from trainwell.trials.tuning.plan import Standing, TunePlan
from trainwell.trials.tuning.search import Search
from trainwell.trials.tuning.tuned import Tuned


def tune(
    script: str | Callable[..., Any],
    parameters: Mapping[str, Any] | None = None,
    arguments: Sequence[str] = (),
    *,
    search: str = "bayes",
    table: Sequence[Values] = (),
    points: int = 5,
    trials: int = 40,
    budget: float = float("inf"),
    jobs: int | None = None,
    engine: str = "pool",
    ray_address: str | None = None,
    metric: str | None = None,
    maximize: bool = False,
    prune: bool = True,
    repeats: int = 1,
    top: int = 3,
    seeds: int = 5,
    sampler_seed: int = 0,
    storage: str | None = None,
    study: str | None = None,
    tell: Callable[[Standing], None] = lambda _: None,
) -> Tuned:
    """Search for the hyperparameters of an unchanged script, or of a function.

    Args:
        script: its path; or a function that takes the parameters by name and returns a number, or
            yields one after each epoch.
        parameters: by name: "log:1e-5..1e-1" and whatever else `--param` takes, a (low, high) pair,
            or a list of values. A condition stands behind " if ": "0..0.99 if optimizer=sgd".
        arguments: the script's own.
        search: "bayes", "gp", "cmaes", "random", "quasirandom", "grid" or "manual".
        table: the settings of "manual".
        points: values of a range, for "grid".
        trials: how many, the defaults not counted.
        budget: seconds after which no trial starts.
        jobs: trials at a time; None: one for each core.
        engine: "pool", "inline" or "ray".
        ray_address: of the cluster.
        metric: a regular expression with one group around a number that the script prints; the
            last match counts. None: the evaluation loss that the probe sees, else the number that
            stands beside a word such as "val acc".
        maximize: higher is better; for scripts only with a metric.
        prune: end hopeless trials early.
        repeats: seeds of every trial.
        top: how many of the best are scored again.
        seeds: fresh seeds for that; 0: nothing is scored again.
        sampler_seed: of the sampler.
        storage: of the study: a database's URL or a file; None: `.trainwell/studies.journal`.
        study: its name; one that is there is gone on with.
        tell: called with the standing, whenever a trial begins or ends.

    Returns:
        What was found: `best`, `default`, `rescored`, `holds`, `trials`, `to_frame()`.

    Raises:
        BadInputError: if a parameter cannot be set, a range is wrong, the defaults or all trials
            fail.

    Example:
        >>> def loss(x):
        ...     return (x - 2) ** 2
        >>> found = tune(loss, {"x": (0.0, 4.0)}, engine="inline")  # doctest: +SKIP
        >>> found.best.values  # doctest: +SKIP
        {'x': 1.98}
    """
    function = None if isinstance(script, str) else script
    texts = []
    for name, given in (parameters or {}).items():
        body, _, condition = given.partition(" if ") if isinstance(given, str) else (given, "", "")
        texts.append(f"{name}={given_domain(body)}" + (f" if {condition}" if condition else ""))
    plan = TunePlan(
        script=script if isinstance(script, str) else getattr(script, "__name__", "function"),
        arguments=tuple(arguments),
        folder=os.getcwd(),
        parameters=tuple(texts),
        search=search,
        table=tuple(dict(row) for row in table),
        points=points,
        trials=trials,
        budget=budget,
        jobs=jobs,
        engine=engine,
        address=ray_address,
        metric=metric,
        maximize=maximize,
        prune=prune,
        repeats=repeats,
        top=top,
        seeds=seeds,
        sampler_seed=sampler_seed,
        storage=storage,
        study=study,
    )
    return Search(plan, function, tell).run()
