"""What a treatment is asked to do, and how it stands."""

from __future__ import annotations

__all__ = ["Plan", "Progress", "plan_from_json", "plan_to_json"]

import hashlib
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from trainwell.errors import BadInputError


@dataclass(frozen=True)
class Plan:
    """What was asked for.

    Attributes:
        script: its path, or a module's name.
        arguments: the script's own.
        is_module: run it as `python -m` does.
        folder: the working directory.
        budget: seconds; no trial starts after them.
        trials: how many runs at most; None for no limit.
        jobs: trials at a time; None: one for each core.
        metric, maximize: `--metric` and `--maximize`.
        overfitting: all remedies against overfitting as well.
        remedies: these instead of the findings' own, as `--with` takes them.
        rounds: how often remedies are put on top of what has helped.
        most: seeds of the last arms.
        exact: let the exact test decide, over all arms.
        quick: look at the first remedy on one seed, and prove nothing.
        patches: paths of unified diffs to judge.
        commands: other scripts or arguments to judge.
    """

    script: str
    arguments: tuple[str, ...] = ()
    is_module: bool = False
    folder: str = "."
    budget: float = 1200.0
    trials: int | None = None
    jobs: int | None = None
    metric: str | None = None
    maximize: bool = False
    overfitting: bool = False
    remedies: str | None = None
    rounds: int = 3
    most: int = 10
    exact: bool = False
    quick: bool = False
    patches: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()

    def digest(self) -> str:
        """A fingerprint of the script's text; "" for modules.

        Raises:
            BadInputError: if the script cannot be read.
        """
        if self.is_module:
            return ""
        try:
            with open(self.script, "rb") as file:
                return hashlib.sha256(file.read()).hexdigest()
        except FileNotFoundError:
            raise BadInputError(f"no such script: `{self.script}`") from None
        except OSError as error:
            raise BadInputError(f"cannot read `{self.script}`: {error.strerror}") from None


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """The plan, and the fingerprint of the script that it is for."""
    return asdict(plan) | {"digest": plan.digest()}


def plan_from_json(body: dict[str, Any], budget: float) -> Plan:
    """The plan that `plan_to_json` gave, to be gone on with.

    Args:
        body: what it gave.
        budget: seconds from now on.

    Raises:
        BadInputError: if the script has changed since: its trials would not be comparable.
    """
    # Treatments of earlier versions had fewer settings, and others.
    given = {f.name: body[f.name] for f in fields(Plan) if f.name in body}
    listed = {k: tuple(given.get(k, ())) for k in ("arguments", "patches", "commands")}
    plan = Plan(**{**given, **listed})
    if plan.digest() != body["digest"]:
        raise BadInputError(
            f"`{plan.script}` has changed since its treatment began: begin a new one"
        )
    return replace(plan, budget=budget)


@dataclass(frozen=True)
class Progress:
    """Where a treatment stands.

    Attributes:
        stage: what is being done, in words.
        done: trials that were started.
        wanted: trials known to be needed now.
        best: the arm that is ahead and its mean effect, or "".
        left: seconds of the budget.
        news: what is to be said once, and to stay; or "".
    """

    stage: str
    done: int
    wanted: int
    best: str
    left: float
    news: str = ""
