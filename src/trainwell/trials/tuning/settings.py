"""Hyperparameters that are set in a live run: optimizer, schedule, dropout, epochs.

They are applied as remedies are, but cure nothing: they stand in no catalogue.
"""

from __future__ import annotations

__all__ = [
    "OPTIMIZERS",
    "SCHEDULES",
    "FollowSchedule",
    "RestAfter",
    "SetDropout",
    "SetOptimizer",
    "setting_from_json",
]

import functools
import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import torch
import torch.nn.functional as F  # noqa: N812
from torch.optim import Optimizer
from torch.utils.data import DataLoader

from trainwell.remedies.catalogue import from_json
from trainwell.remedies.live import parameters_of
from trainwell.remedies.remedy import Remedy
from trainwell.remedies.settings import set_setting

if TYPE_CHECKING:
    from trainwell.remedies.live import Live
    from trainwell.remedies.moments import Building, Loading

OPTIMIZERS: dict[str, tuple[str, float]] = {
    "adam": ("Adam", 1e-3),
    "adamw": ("AdamW", 1e-3),
    "adagrad": ("Adagrad", 1e-2),
    "nadam": ("NAdam", 2e-3),
    "radam": ("RAdam", 1e-3),
    "rmsprop": ("RMSprop", 1e-2),
    "sgd": ("SGD", 1e-2),
}
"""Names, PyTorch's classes, and their usual rates: PyTorch's own defaults; SGD has none."""


def _cosine(share: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * share))


def _linear(share: float) -> float:
    return 1 - share


def _step(share: float) -> float:
    return 0.1 ** min(2, int(share * 3))


def _warmup_cosine(share: float) -> float:
    return share / 0.1 if share < 0.1 else _cosine((share - 0.1) / 0.9)


SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": lambda _: 1.0,
    "cosine": _cosine,
    "linear": _linear,
    "step": _step,
    "warmup_cosine": _warmup_cosine,
}
"""Factors of the rate by the share of the steps made, in [0, 1).

Sources:
    Loshchilov & Hutter 2017, "SGDR", equation 5 (cosine); He et al. 2016, "Deep residual
    learning", section 4.2 (a tenth after each third); Goyal et al. 2017, "Accurate, large
    minibatch SGD", section 2.2 (warm-up).
"""


@dataclass(frozen=True)
class SetOptimizer(Remedy):
    """Sets the optimizer and its numbers; what is None stays the script's.

    Groups with a rate of their own keep its ratio to the optimizer's.

    Attributes:
        kind: one of `OPTIMIZERS`.
        rate, weight_decay, momentum: "lr", "weight_decay", "momentum".
        beta1, beta2: of Adam and its kin; `beta2` is RMSprop's `alpha` too.
    """

    name: ClassVar[str] = "set_optimizer"

    kind: str | None = None
    rate: float | None = None
    weight_decay: float | None = None
    momentum: float | None = None
    beta1: float | None = None
    beta2: float | None = None

    def apply(self, live: Live) -> None:
        """Let PyTorch's names stand for the kind, and set the numbers when it is built."""
        if self.kind is not None:
            self._swap(live, self.kind)
        live.on_building.append(functools.partial(self._set, live))

    def _set(self, live: Live, building: Building) -> None:
        live.did(self)
        kind = OPTIMIZERS[self.kind][0] if self.kind is not None else building.kind
        if self.rate is not None:
            _set_rate(building, self.rate)
        for name, value in (("weight_decay", self.weight_decay), ("momentum", self.momentum)):
            if value is not None and not set_setting(building, name, value):
                live.cannot(name, f"{kind} has no `{name}`")
        if self.beta1 is not None or self.beta2 is not None:
            self._set_betas(live, building, kind)

    def _set_betas(self, live: Live, building: Building, kind: str) -> None:
        for place in (building.settings, *building.groups):
            if place.get("betas") is not None:
                first, second = place["betas"]
                place["betas"] = (
                    first if self.beta1 is None else self.beta1,
                    second if self.beta2 is None else self.beta2,
                )
            elif place.get("alpha") is not None and self.beta2 is not None:
                place["alpha"] = self.beta2
        if building.settings.get("betas") is None:
            live.cannot("beta1", f"{kind} has no betas")

    def _swap(self, live: Live, kind: str) -> None:
        chosen, usual = OPTIMIZERS[kind]
        base: type = getattr(torch.optim, chosen)
        known = inspect.signature(base).parameters

        def stand_in(original: type) -> type:
            takes = inspect.signature(original)

            class StandIn(base):  # type: ignore[misc]
                """The chosen optimizer under another one's name."""

                def __init__(self, params: Any, *args: Any, **kwargs: Any) -> None:
                    given = takes.bind(params, *args, **kwargs)
                    kept = {
                        k: v
                        for k, v in given.arguments.items()
                        # The script's penalty is the network's; its rate is its optimizer's.
                        if k == "weight_decay" and k in known
                    }
                    super().__init__(params, **{"lr": usual, **kept})

            StandIn.__name__ = original.__name__
            StandIn.__qualname__ = original.__qualname__
            return StandIn

        for name, one in list(vars(torch.optim).items()):
            if not isinstance(one, type) or not issubclass(one, Optimizer):
                continue
            if one not in (Optimizer, base) and not issubclass(one, torch.optim.LBFGS):
                live.replace_name(torch.optim, name, stand_in(one))


def _set_rate(building: Building, rate: float) -> None:
    before = building.settings.get("lr")
    for group in building.groups:
        if group.get("lr") is not None:
            group["lr"] = group["lr"] * rate / before if before else rate
    building.settings["lr"] = rate


@dataclass(frozen=True)
class FollowSchedule(Remedy):
    """Multiplies every rate along a schedule; the script's own schedulers are overruled.

    Attributes:
        kind: one of `SCHEDULES`.
        at_steps: steps that the script makes, over which the schedule runs.
    """

    name: ClassVar[str] = "follow_schedule"

    kind: str = "cosine"
    at_steps: int = 0

    def apply(self, live: Live) -> None:
        """Set the rates before each step: whatever the script's schedulers did is gone then."""
        factor = SCHEDULES[self.kind]
        counts: dict[int, int] = {}
        rates: dict[int, list[float]] = {}

        def built(optimizer: Optimizer) -> None:
            # Before a scheduler of the script's can have changed them.
            rates[id(optimizer)] = [float(g["lr"]) for g in optimizer.param_groups]

        def before(optimizer: Optimizer) -> None:
            key = id(optimizer)
            if key not in rates:
                return
            share = min(1.0, counts.get(key, 0) / max(1, self.at_steps))
            for group, rate in zip(optimizer.param_groups, rates[key], strict=False):
                group["lr"] = rate * factor(share)
            live.did(self)

        def after(optimizer: Optimizer) -> None:
            counts[id(optimizer)] = counts.get(id(optimizer), 0) + 1

        live.on_built.append(built)
        live.before_step.append(before)
        live.after_step.append(after)


@dataclass(frozen=True)
class SetDropout(Remedy):
    """Sets the share that every dropout of the script drops, of modules and of calls.

    Attributes:
        share: in [0, 1).
    """

    name: ClassVar[str] = "set_dropout"

    share: float = 0.5

    def apply(self, live: Live) -> None:
        """Stand in for the functions that drop: the modules call them."""

        def change(original: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
            def dropout(x: Any, p: float = 0.5, *args: Any, **kwargs: Any) -> torch.Tensor:
                del p
                live.did(self)
                return original(x, self.share, *args, **kwargs)

            return dropout

        for name in ("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout"):
            live.replace(F, name, change)


@dataclass(frozen=True)
class RestAfter(Remedy):
    """Lets the weights rest after some epochs, as early stopping would; the script runs on.

    Attributes:
        epochs: passes through the training data that count.
        at_loaders: (file, line) of the training loaders, whose passes are counted; without any,
            the share of steps `epochs / at_epochs` counts.
        at_epochs, at_steps: how many the script makes.
    """

    name: ClassVar[str] = "rest_after"

    epochs: int = 1
    at_loaders: tuple[tuple[str, int], ...] = ()
    at_epochs: int = 0
    at_steps: int = 0

    def apply(self, live: Live) -> None:
        """Put the weights back after every later step."""
        passes = _Passes(live, frozenset(self.at_loaders)) if self.at_loaders else None
        last = self.epochs / max(1, self.at_epochs) * self.at_steps
        counts: dict[int, int] = {}
        kept: dict[int, list[torch.Tensor]] = {}

        def before(optimizer: Optimizer) -> None:
            key = id(optimizer)
            over = counts.get(key, 0) >= last if passes is None else passes.count > self.epochs
            if over and key not in kept:
                kept[key] = [w.detach().clone() for w in parameters_of(optimizer)]

        def after(optimizer: Optimizer) -> None:
            key = id(optimizer)
            counts[key] = counts.get(key, 0) + 1
            # A run that is not longer than that is as it should be.
            live.did(self)
            with torch.no_grad():
                for weight, old in zip(parameters_of(optimizer), kept.get(key, ()), strict=False):
                    weight.copy_(old)

        live.before_step.append(before)
        live.after_step.append(after)


class _Passes:
    """Counts the passes through the training loaders."""

    def __init__(self, live: Live, lines: frozenset[tuple[str, int]]) -> None:
        self.count = 0
        self._loaders: set[int] = set()
        self._next = False
        self._lines = lines
        live.on_loading.append(self._loading)
        live.replace(DataLoader, "__init__", self._made)
        live.replace(DataLoader, "__iter__", self._iterating)

    def _loading(self, loading: Loading) -> None:
        self._next = (loading.file, loading.line) in self._lines

    def _made(self, original: Callable[..., None]) -> Callable[..., None]:
        passes = self

        def __init__(loader: DataLoader[Any], *args: Any, **kwargs: Any) -> None:  # noqa: N807
            original(loader, *args, **kwargs)
            if passes._next:
                passes._loaders.add(id(loader))
                passes._next = False

        return __init__

    def _iterating(self, original: Callable[..., Any]) -> Callable[..., Any]:
        passes = self

        def __iter__(loader: DataLoader[Any]) -> Any:  # noqa: N807
            if id(loader) in passes._loaders and torch.is_grad_enabled():
                passes.count += 1
            return original(loader)

        return __iter__


_SETTINGS: dict[str, type[Remedy]] = {
    s.name: s for s in (FollowSchedule, RestAfter, SetDropout, SetOptimizer)
}


def setting_from_json(body: dict[str, Any]) -> Remedy:
    """The setting, or the remedy, that `Remedy.to_json` gave."""
    kind = _SETTINGS.get(body["name"])
    if kind is None:
        return from_json(body)
    given = {k: v for k, v in body.items() if k != "name"}
    if "at_loaders" in given:
        given["at_loaders"] = tuple((file, line) for file, line in given["at_loaders"])
    return kind(**given)
