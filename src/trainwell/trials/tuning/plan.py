"""What a search is asked to do, how it stands, and what its trials were."""

from __future__ import annotations

__all__ = ["Standing", "TunePlan", "differences", "plan_from_json", "plan_to_json"]

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from trainwell.errors import BadInputError
from trainwell.trials.tuning.parameter import Values


@dataclass(frozen=True)
class TunePlan:
    """What was asked for.

    Attributes:
        script: its path, or a module's name; the name of a function.
        arguments: the script's own.
        is_module: run it as `python -m` does.
        folder: the working directory.
        parameters: as `--param` takes them.
        search: of `trainwell.trials.tuning.samplers.SEARCHES`.
        table: settings that are tried in their order, for "manual".
        points: values of a range without a step, for "grid".
        trials: how many, the defaults not counted.
        budget: seconds after which no trial starts.
        jobs: trials at a time; None: one for each core, or what the cluster has.
        engine: "pool", "inline" or "ray".
        address: of a Ray cluster; None: one on this machine.
        metric, maximize: `--metric` and `--maximize`.
        prune: trials may end early.
        repeats: seeds of every trial.
        top, seeds: how many of the best are scored again, on how many fresh seeds.
        sampler_seed: of the sampler.
        storage: of the study: URL or path; None: the project's journal.
        study: its name; None: a new one.
    """

    script: str
    arguments: tuple[str, ...] = ()
    is_module: bool = False
    folder: str = "."
    parameters: tuple[str, ...] = ()
    search: str = "bayes"
    table: tuple[Values, ...] = ()
    points: int = 5
    trials: int = 40
    budget: float = float("inf")
    jobs: int | None = None
    engine: str = "pool"
    address: str | None = None
    metric: str | None = None
    maximize: bool = False
    prune: bool = True
    repeats: int = 1
    top: int = 3
    seeds: int = 5
    sampler_seed: int = 0
    storage: str | None = None
    study: str | None = None

    def digest(self) -> str:
        """A fingerprint of the script's text; "" for modules and functions.

        Raises:
            BadInputError: if the script cannot be read.
        """
        if self.is_module or not self.script.endswith(".py"):
            return ""
        try:
            with open(self.script, "rb") as file:
                return hashlib.sha256(file.read()).hexdigest()
        except FileNotFoundError:
            raise BadInputError(f"no such script: `{self.script}`") from None
        except OSError as error:
            raise BadInputError(f"cannot read `{self.script}`: {error.strerror}") from None


_ANEW = ("budget", "jobs", "engine", "address", "trials", "storage", "study", "top", "seeds")
"""What a process that joins or resumes a study may say for itself."""


def plan_to_json(plan: TunePlan) -> dict[str, Any]:
    """The plan, and the fingerprint of the script that it is for."""
    body = asdict(plan) | {"digest": plan.digest()}
    # JSON has no infinity.
    return body | {"budget": None if plan.budget == float("inf") else plan.budget}


def plan_from_json(body: Mapping[str, Any], **anew: Any) -> TunePlan:
    """The plan that `plan_to_json` gave, to be gone on with.

    Args:
        body: what it gave.
        anew: what is different now, of budget, jobs, engine, address, trials, storage, study.

    Raises:
        BadInputError: if the script has changed since: its trials would not be comparable.
    """
    given = {f.name: body[f.name] for f in fields(TunePlan)}
    lists = {k: tuple(given[k]) for k in ("arguments", "parameters", "table")}
    budget = float("inf") if given["budget"] is None else given["budget"]
    plan = TunePlan(**{**given, **lists, "budget": budget})
    if body["digest"] is not None and plan.digest() != body["digest"]:
        raise BadInputError(
            f"`{plan.script}` has changed since this study began: its trials would not be"
            " comparable, begin a new one"
        )
    assert set(anew) <= set(_ANEW)
    return replace(plan, **anew)


def differences(plan: TunePlan, body: Mapping[str, Any]) -> list[str]:
    """What another process that wants to join asks for that the study does not do."""
    own = plan_to_json(plan)
    names = [n for n in own if n not in (*_ANEW, "folder", "sampler_seed")]
    return [n for n in names if _plain(own[n]) != _plain(body.get(n))]


def _plain(value: Any) -> Any:
    return [_plain(v) for v in value] if isinstance(value, list | tuple) else value


@dataclass(frozen=True)
class Standing:
    """Where a search stands.

    Attributes:
        stage: what is being done, in words.
        trials: how many are asked for.
        complete, pruned, failed, running: how many there are.
        best, default: values so far, or None.
        best_values: the setting of the best.
        left: seconds that the rest will take; None while unknown.
        failures: reasons and how often each.
        recent: the last trials: number, state, value, setting.
    """

    stage: str
    trials: int
    complete: int = 0
    pruned: int = 0
    failed: int = 0
    running: int = 0
    best: float | None = None
    default: float | None = None
    best_values: Values = field(default_factory=dict)
    left: float | None = None
    failures: Mapping[str, int] = field(default_factory=dict)
    recent: tuple[tuple[int, str, float | None, Values], ...] = ()
